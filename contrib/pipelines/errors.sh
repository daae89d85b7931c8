# For /etc/sstream/errors.sh, as contrib/cron and sstream-once@errors run it: the new
# errors of a log, a file for each run. bash runs this, with pipefail; the name and
# the checkpoint come from sstream-run's options.
sstream-source tail --available-now /var/log/syslog |
  sstream-filter -i error |
  sstream-sink files /var/lib/sstream/errors/out/errors txt
