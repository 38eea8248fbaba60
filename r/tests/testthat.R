library(testthat)
library(exprstats)

test_check("exprstats")
