"""Files: films read and written, frames in and out, pictures."""
