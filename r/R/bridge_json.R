# The second way in: one R process that reads calls from its standard input, a line of JSON each, and
# answers in lines of JSON. Numbers cross as base64 of their bytes, so that none is rounded.

#' Answer calls that come in over the standard input
#'
#' Runs until the input ends. Needs jsonlite.
#'
#' @param place The environment that holds our functions; those of a room are read into it when it
#'   is first asked for.
#' @param mark What an answer's line begins with, so that nothing else that R prints is taken for one.
#' @return Nothing.
#' @export
serve_calls <- function(place, mark) {
  input <- file("stdin", open = "r", encoding = "UTF-8")
  on.exit(close(input))
  rooms <- character()
  repeat {
    line <- readLines(input, n = 1, warn = FALSE)
    if (length(line) == 0) break
    asked <- jsonlite::fromJSON(line, simplifyVector = FALSE)
    for (path in setdiff(unlist(asked$files), rooms)) {
      sys.source(path, envir = place)
      rooms <- c(rooms, path)
    }
    fun <- get0(asked[["function"]], envir = place, mode = "function", inherits = FALSE)
    answer <- if (is.null(fun)) list(absent = TRUE) else {
      answer_call(fun, unpack_value(asked$arguments))
    }
    text <- jsonlite::toJSON(pack_value(answer), auto_unbox = TRUE, null = "null", na = "null")
    cat("\n", mark, enc2utf8(text), "\n", sep = "")
    flush(stdout())
  }
}

# A tree of lists `kind`, `value`, `names`, `dim`, as jsonlite reads it, to R's own values.
unpack_value <- function(packed) {
  value <- switch(packed$kind,
    null = return(NULL),
    list = lapply(packed$value, unpack_value),
    text = as.character(unlist(packed$value)),
    logical = as.logical(unlist(packed$value)),
    double = unpack_bytes(packed$value, "double", 8L),
    integer = unpack_bytes(packed$value, "integer", 4L)
  )
  if (!is.null(packed$names)) names(value) <- as.character(unlist(packed$names))
  value
}

unpack_bytes <- function(text, what, size) {
  bytes <- jsonlite::base64_dec(text)
  readBin(bytes, what, n = length(bytes) %/% size, size = size, endian = "little")
}

pack_value <- function(value) {
  if (is.null(value)) return(list(kind = "null"))
  if (is.list(value)) {
    packed <- list(kind = "list", value = lapply(unname(unclass(value)), pack_value))
  } else if (is.character(value)) {
    packed <- list(kind = "text", value = as.list(unname(value)))
  } else {
    if (is.factor(value)) value <- as.integer(value)
    kind <- if (is.double(value)) "double" else if (is.logical(value)) "logical" else "integer"
    plain <- as.vector(unname(value))
    if (kind == "logical") plain <- as.integer(plain)
    packed <- list(kind = kind, value = jsonlite::base64_enc(
      writeBin(plain, raw(), size = if (kind == "double") 8L else 4L, endian = "little")
    ))
  }
  packed$value <- if (is.character(packed$value)) gsub("\n", "", packed$value) else packed$value
  if (!is.null(names(value))) packed$names <- as.list(names(value))
  if (!is.list(value) && !is.null(dim(value))) packed$dim <- as.list(dim(value))
  packed
}
