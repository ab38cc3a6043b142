"""Turn owned dermatology textbooks (PDF) into versioned image-caption data sets."""

__version__ = "0.1.0"
