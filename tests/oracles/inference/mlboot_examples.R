# The two simulated examples that mlboot's README shows (Girard & Liu, 2020), drawn again from the
# same seeds, with the results printed there. mlboot itself cannot be installed from CRAN.
# Writes mlboot_examples.json beside this script. Run: Rscript mlboot_examples.R
suppressMessages(library(jsonlite))
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
shift <- function(around, by) around + rnorm(1000, mean = by, sd = 10)

set.seed(2020); truth <- rnorm(1000, 50, 10); model1 <- shift(truth, 10)
set.seed(2020); model2 <- shift(truth, 8.5)
set.seed(2020); model3 <- shift(truth, 10); model4 <- shift(truth, 5)
rows <- data.frame(truth, model1, model2, model3, model4)

set.seed(2020); person <- rep(1:50, each = 20)
truth <- rnorm(1000, 20 + person, 10)
model4 <- shift(truth, 10 - person); model5 <- shift(truth, 9 - person)
people <- data.frame(person, truth, model4, model5)

printed <- function(text) read.csv(text = text, header = FALSE,
  col.names = c("term", "estimate", "conf_low", "conf_high", "p_value"), strip.white = TRUE)
write_json(list(
  made_by = "mlboot_examples.R", r = R.version.string, metric = "mean absolute error",
  rows = list(data = round(rows, 6), printed = printed("
    model1, 11.661, 11.149, 12.157, 0
    model2, 10.694, 10.225, 11.193, 0
    model3, 11.640, 11.146, 12.164, 0
    model4, 8.855, 8.437, 9.280, 0
    model1 - model2, 0.967, 0.269, 1.635, 0.007
    model1 - model3, 0.021, -0.698, 0.707, 0.954
    model1 - model4, 2.806, 2.557, 3.044, 0
    model2 - model3, -0.946, -1.015, -0.874, 0
    model2 - model4, 1.839, 1.241, 2.500, 0
    model3 - model4, 2.784, 2.164, 3.472, 0")),
  people = list(data = round(people, 6), printed = printed("
    model4, 19.339, 16.394, 22.524, 0
    model5, 19.829, 16.897, 22.899, 0
    model4 - model5, -0.490, -1.236, 0.310, 0.219"))
), file.path(folder, "mlboot_examples.json"), digits = NA, dataframe = "columns", auto_unbox = TRUE)
