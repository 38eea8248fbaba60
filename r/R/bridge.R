# The one way in from Python: run a function and answer with everything that happened to it.

#' Run a function and keep its value, warnings, messages, output and error
#'
#' Nothing reaches the console, and no condition leaves the call.
#'
#' @param fun A function.
#' @param arguments A list of its arguments.
#' @return A list: `value`, `call` (the value's attribute of that name, as text), `error` (NULL or
#'   text), `warnings`, `messages` and `versions` (character vectors).
#' @export
answer_call <- function(fun, arguments) {
  warned <- told <- character()
  failed <- NULL
  value <- NULL
  printed <- utils::capture.output(
    withCallingHandlers(
      tryCatch(
        value <- do.call(fun, arguments, quote = TRUE),
        error = function(e) failed <<- conditionMessage(e)
      ),
      warning = function(w) {
        warned <<- c(warned, conditionMessage(w))
        invokeRestart("muffleWarning")
      },
      message = function(m) {
        told <<- c(told, conditionMessage(m))
        invokeRestart("muffleMessage")
      }
    )
  )
  list(
    value = value, call = attr(value, "call", exact = TRUE), error = failed,
    warnings = warned, messages = c(told, printed), versions = list_versions()
  )
}

# Versions of R and of those packages whose numbers we report, as far as they are loaded.
list_versions <- function() {
  loaded <- intersect(c("lavaan", "lme4", "psych", "boot", "glmnet"), loadedNamespaces())
  c(R = as.character(getRversion()), vapply(loaded, getNamespaceVersion, ""))
}

#' Describe the R that runs
#'
#' @return A list: `version`, `home`, `locale`, `utf8`, `packages`, the versions of those packages
#'   that are installed among the ones exprstats or its tests can use, and `places`, the files and
#'   folders on which this answer depends.
#' @export
describe_r <- function() {
  wanted <- c("lavaan", "lme4", "psych", "boot", "glmnet", "semTools", "testthat", "jsonlite")
  found <- wanted[nzchar(vapply(wanted, function(name) system.file(package = name), ""))]
  list(
    version = as.character(getRversion()), home = R.home(),
    locale = Sys.getlocale("LC_CTYPE"), utf8 = isTRUE(l10n_info()[["UTF-8"]]),
    packages = vapply(found, function(name) utils::packageDescription(name)$Version, ""),
    places = unique(c(
      .libPaths(), unlist(strsplit(Sys.getenv(c("R_LIBS", "R_LIBS_USER", "R_LIBS_SITE")), ":")),
      path.expand("~/.Renviron"),
      vapply(found, function(name) system.file("DESCRIPTION", package = name), ""),
      list.files(R.home("etc"), "^Renviron", full.names = TRUE), R.home("lib"), R.home("bin")
    ))
  )
}
