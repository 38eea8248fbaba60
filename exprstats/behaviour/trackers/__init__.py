"""Output of any face tracker: files, units, frames and the features that they allow."""
