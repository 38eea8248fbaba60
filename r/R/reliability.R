# Variance components of ratings by restricted maximum likelihood, through lme4. Ids cross as
# codes, so that no name of a clip, rater or subject is ever part of a formula.

#' Estimate the variance components of ratings
#'
#' A mixed model with a grand mean and a random effect for each id that is given: clips, and,
#' where they are there, raters (crossed) and subjects (with clips nested in them).
#'
#' @param rating Ratings, a double vector.
#' @param clip Ids of clips, one a rating; clips of different subjects need different ids.
#' @param rater,subject Ids, one a rating, or NULL.
#' @return A list of class `rating_components`: `components` (named variances: those of the ids,
#'   then `residual`), `n` (levels of each), `singular` (whether one is at 0), `loglik` (restricted).
#' @examples
#' fit_components(c(1, 2, 4, 4, 2, 3), clip = c(1, 1, 2, 2, 3, 3))
#' @export
fit_components <- function(rating, clip, rater = NULL, subject = NULL) {
  ids <- Filter(Negate(is.null), list(subject = subject, clip = clip, rater = rater))
  rows <- data.frame(rating = as.double(rating), lapply(ids, function(id) factor(id)))
  terms <- paste0("(1 | ", names(ids), ")", collapse = " + ")
  formula <- stats::as.formula(paste("rating ~ 1 +", terms))
  control <- lme4::lmerControl(calc.derivs = FALSE, check.conv.singular = "ignore")
  fit <- lme4::lmer(formula, rows, REML = TRUE, control = control)
  answer <- list(
    components = read_components(fit, names(ids)),
    n = vapply(ids, function(id) length(unique(id)), 1L),
    singular = lme4::isSingular(fit), loglik = as.double(stats::logLik(fit))
  )
  call <- paste0("lme4::lmer(", paste(deparse(formula), collapse = " "), ", REML = TRUE)")
  attr(answer, "call") <- call
  structure(answer, class = "rating_components")
}

read_components <- function(fit, ids) {
  found <- lme4::VarCorr(fit)
  c(vapply(ids, function(id) as.double(found[[id]]), 1), residual = stats::sigma(fit)^2)
}

#' @export
print.rating_components <- function(x, ...) {
  cat("Variance components (REML)\n")
  print(round(x$components, 4))
  invisible(x)
}
