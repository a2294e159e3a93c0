"""A view of each question: from what reports tell to what a page holds."""
