package sstream.spark;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.streaming.scheduler.StreamInputInfo;
import org.apache.spark.streaming.scheduler.StreamingListener;
import org.apache.spark.streaming.scheduler.StreamingListenerBatchCompleted;
import org.apache.spark.streaming.scheduler.StreamingListenerBatchSubmitted;
import org.apache.spark.streaming.scheduler.StreamingListenerOutputOperationCompleted;
import org.apache.spark.streaming.scheduler.StreamingListenerReceiverError;
import scala.Option;
import scala.collection.Iterator;

/** Notes what fails and what comes; and when all sources have ended, or a batch has failed, asks for the end. */
final class Watch implements StreamingListener {
  private final List<Plan> plans;
  private final Runnable end;
  /** How many receivers there are; one ends by itself, other sources do not. */
  private final long receivers;
  private final boolean hasOthers;
  /** Null: no source reads Kafka. */
  private final KafkaProgress progress;
  private final Set<Integer> ended = Collections.synchronizedSet(new HashSet<>());
  private volatile String failure;

  Watch(List<Plan> plans, Runnable end) {
    this.plans = plans;
    this.end = end;
    long sources = plans.stream().flatMap(plan -> plan.nodes.stream())
        .filter(node -> node.get("is").asText().equals("source")).count();
    receivers = plans.stream().flatMap(plan -> plan.nodes.stream())
        .filter(node -> Plan.isOf(node, "source", "receive")).count();
    hasOthers = sources > receivers;
    progress = plans.stream().anyMatch(plan -> plan.has("source", "kafka")) ? new KafkaProgress(plans) : null;
  }

  /** What failed first of the batches; null: nothing. */
  String failure() {
    return failure;
  }

  @Override
  public void onOutputOperationCompleted(StreamingListenerOutputOperationCompleted completed) {
    Option<String> reason = completed.outputOperationInfo().failureReason();
    if (reason.isDefined() && failure == null) {
      failure = reason.get();
      end.run();
    }
  }

  @Override
  public void onBatchSubmitted(StreamingListenerBatchSubmitted submitted) {
    Iterator<StreamInputInfo> inputs = submitted.batchInfo().streamIdToInputInfo().values().iterator();
    while (inputs.hasNext()) {
      StreamInputInfo input = inputs.next();
      // Records in files are not counted, but the files are named.
      Option<Object> files = input.metadata().get("files");
      if (input.numRecords() > 0 || files.isDefined() && !((scala.collection.immutable.List<?>) files.get()).isEmpty()) {
        plans.forEach(plan -> plan.ending.came());
      }
    }
  }

  @Override
  public void onBatchCompleted(StreamingListenerBatchCompleted completed) {
    if (progress != null && failure == null) {
      progress.done(completed.batchInfo());
    }
  }

  @Override
  public void onReceiverError(StreamingListenerReceiverError error) {
    if (error.receiverInfo().lastErrorMessage().equals(CommandReceiver.ENDED)) {
      ended.add(error.receiverInfo().streamId());
      if (ended.size() == receivers && !hasOthers) {
        end.run();
      }
    }
  }
}
