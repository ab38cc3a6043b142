"""What a picture is: its marks, what in it is sensitive."""
