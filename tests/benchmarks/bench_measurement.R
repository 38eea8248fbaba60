# What a user would run on `rows`, which bench_measurement.py has put into the workspace.
fit <- lavaan::cfa("f =~ a + b + c", data = rows, std.lv = TRUE)
scores <- lavaan::lavPredict(fit, method = "Bartlett")
