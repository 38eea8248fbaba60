test_that("everything a function says is in the answer", {
  loud <- function(x) {
    cat("printed\n")
    message("told")
    warning("careful")
    structure(x + 1, call = "x + 1")
  }
  expect_silent(answer <- answer_call(loud, list(x = 1)))
  expect_equal(as.double(answer$value), 2)
  expect_equal(answer$warnings, "careful")
  expect_equal(answer$messages, c("told\n", "printed"))
  expect_equal(answer$call, "x + 1")
  expect_null(answer$error)
  expect_equal(answer$versions[["R"]], as.character(getRversion()))
})

test_that("an error is text in the answer", {
  expect_silent(answer <- answer_call(function() stop("broken"), list()))
  expect_equal(answer$error, "broken")
  expect_null(answer$value)
})

test_that("arguments are values, never code", {
  trap <- tempfile()
  answer <- answer_call(identity, list(quote(file.create(trap))))
  expect_false(file.exists(trap))
  expect_true(is.call(answer$value))
})

test_that("R describes itself", {
  state <- describe_r()
  expect_equal(state$version, as.character(getRversion()))
  expect_equal(state$packages[["lavaan"]], utils::packageDescription("lavaan")$Version)
})
