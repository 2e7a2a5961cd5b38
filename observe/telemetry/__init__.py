"""Where numbers come from: what is asked, of whom, and the frames that come back."""
