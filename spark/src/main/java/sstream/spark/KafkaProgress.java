package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.spark.streaming.kafka010.OffsetRange;
import org.apache.spark.streaming.scheduler.BatchInfo;
import org.apache.spark.streaming.scheduler.StreamInputInfo;
import scala.collection.Iterator;

/** Tells consumer groups ({@code --group}) how far batches that are done have come, for those who watch lag. */
final class KafkaProgress {
  private final List<Group> groups;

  /** For the sources of plans that have a group. */
  KafkaProgress(List<Plan> plans) {
    groups = plans.stream().flatMap(plan -> plan.nodes.stream())
        .filter(node -> Plan.isOf(node, "source", "kafka") && !node.get("group").isNull())
        .map(Group::new).collect(Collectors.toList());
  }

  /** A batch is done. */
  void done(BatchInfo batch) {
    Iterator<StreamInputInfo> inputs = batch.streamIdToInputInfo().values().iterator();
    while (inputs.hasNext()) {
      scala.Option<Object> offsets = inputs.next().metadata().get("offsets");
      if (offsets.isDefined()) {
        groups.forEach(group -> group.tell((scala.collection.immutable.List<?>) offsets.get()));
      }
    }
  }

  private static final class Group {
    private final JsonNode node;
    private KafkaConsumer<byte[], byte[]> consumer;

    Group(JsonNode node) {
      this.node = node;
    }

    void tell(scala.collection.immutable.List<?> ranges) {
      Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
      Iterator<?> each = ranges.iterator();
      while (each.hasNext()) {
        OffsetRange range = (OffsetRange) each.next();
        if (has(range.topic())) {
          offsets.put(range.topicPartition(), new OffsetAndMetadata(range.untilOffset()));
        }
      }
      try {
        consumer().commitSync(offsets);
      } catch (KafkaException failure) {
        // It is but told; the offsets that count are Spark's.
        System.err.println("sstream-submit: --group " + node.get("group").asText() + ": " + failure.getMessage());
      }
    }

    private boolean has(String topic) {
      for (JsonNode one : node.get("topics")) {
        if (one.asText().equals(topic)) {
          return true;
        }
      }
      return false;
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
      if (consumer == null) {
        Map<String, Object> parameters = new HashMap<>(new KafkaStart(node).executorKafkaParams());
        parameters.put("group.id", node.get("group").asText());
        consumer = new KafkaConsumer<>(parameters);
      }
      return consumer;
    }
  }
}
