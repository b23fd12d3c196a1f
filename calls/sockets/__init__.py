"""WebSockets of our own pages: for members of a business, with their session."""
