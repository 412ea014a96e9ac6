"""OpenVZ's XML: shapes of March 2007 and January 2008, and libvirt's since July 2008."""
