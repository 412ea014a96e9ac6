"""The bridge from awaited engine calls to signals; settings."""
