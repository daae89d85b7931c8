# For /etc/sstream/shard.sh, as sstream-shard@1 runs it: counts by user, of the
# share of the partitions that this shard has. bash runs this, with pipefail; SHARD
# comes from the unit, SHARDS and BROKERS from /etc/sstream/shard.env, the name and
# the checkpoint from sstream-run's options.
sstream-source kafka --brokers "$BROKERS" --topic by-user --shard "$SHARD/$SHARDS" --value json |
  sstream-state --by .user count --emit changed |
  sstream-sink kafka --brokers "$BROKERS" --topic counts --key '.[0]'
