"""The XML that was proposed for Linux-VServer in November 2007."""
