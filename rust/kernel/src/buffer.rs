//! Values that are owned or mapped from a file, copied on the first write.
