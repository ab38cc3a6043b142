"""Run the command line as ``python -m mmskin_build``."""

from mmskin_build.cli import main

main()
