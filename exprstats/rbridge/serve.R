# The R process behind EXPRSTATS_R=rscript: Rscript serve.R FOLDER MARK; see r/R/bridge_json.R.
told <- commandArgs(trailingOnly = TRUE)
place <- new.env(parent = baseenv())
for (name in c("bridge.R", "bridge_json.R")) sys.source(file.path(told[1], name), envir = place)
place$serve_calls(place, told[2])
