package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.spark.streaming.kafka010.ConsumerStrategy;

/**
 * Where a direct stream begins: as {@code --from} says, or where its checkpoint has it. The driver's consumer is
 * the only member of a group of its own, a new one each time: one that was killed holds no partition of it.
 */
final class KafkaStart extends ConsumerStrategy<byte[], byte[]> implements Serializable {
  private static final long serialVersionUID = 1;
  /** How long brokers may take to say which partitions there are. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final List<String> topics = new ArrayList<>();
  private final Map<String, Object> parameters = new HashMap<>();
  /** JSON, as the plan has it. */
  private final String from;
  private final long made;

  KafkaStart(JsonNode node) {
    node.get("topics").forEach(topic -> topics.add(topic.asText()));
    from = node.get("from").toString();
    made = System.currentTimeMillis();
    // New partitions are found within this time.
    parameters.put("metadata.max.age.ms", "10000");
    node.get("properties").fields().forEachRemaining(
        property -> parameters.put(property.getKey(), property.getValue().asText()));
    parameters.put("bootstrap.servers", node.get("brokers").asText());
    parameters.put("isolation.level", node.get("isolation").asText());
    parameters.put("key.deserializer", ByteArrayDeserializer.class.getName());
    parameters.put("value.deserializer", ByteArrayDeserializer.class.getName());
    parameters.put("enable.auto.commit", "false");
    parameters.put("auto.offset.reset", "earliest");
    parameters.put("group.id", "sstream");
  }

  @Override
  public Map<String, Object> executorKafkaParams() {
    return parameters;
  }

  @Override
  public Consumer<byte[], byte[]> onStart(Map<TopicPartition, Long> current) {
    Map<String, Object> own = new HashMap<>(parameters);
    own.put("group.id", "sstream-" + UUID.randomUUID());
    KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(own);
    consumer.subscribe(topics);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (consumer.assignment().isEmpty()) {
      if (System.nanoTime() > deadline) {
        consumer.close(Duration.ZERO);
        throw new UncheckedIOException(new IOException(
            "kafka: " + parameters.get("bootstrap.servers") + " has told of no partition of "
                + String.join(",", topics) + " for " + PATIENCE.toSeconds() + " s"));
      }
      consumer.poll(Duration.ofMillis(100));
    }
    Set<TopicPartition> partitions = consumer.assignment();
    consumer.pause(partitions);
    if (current.isEmpty()) {
      begin(consumer, partitions);
    } else {
      // What is new since then begins at its beginning.
      consumer.seekToBeginning(partitions);
      current.forEach((partition, offset) -> {
        if (partitions.contains(partition)) {
          consumer.seek(partition, offset);
        }
      });
    }
    return consumer;
  }

  private void begin(Consumer<byte[], byte[]> consumer, Collection<TopicPartition> partitions) {
    JsonNode from = from();
    if (from.has("ago") || from.has("time")) {
      long time = from.has("ago") ? made - from.get("ago").asLong() : from.get("time").asLong();
      Map<TopicPartition, Long> asked = new HashMap<>();
      partitions.forEach(partition -> asked.put(partition, Math.max(0, time)));
      consumer.offsetsForTimes(asked).forEach((partition, at) -> seek(consumer, partition, at));
    } else if (from.asText().equals("end")) {
      consumer.seekToEnd(partitions);
    } else {
      consumer.seekToBeginning(partitions);
    }
    for (JsonNode start : from.path("offsets")) {
      for (TopicPartition partition : partitions) {
        boolean isOfTopic = start.get(0).isNull() || start.get(0).asText().equals(partition.topic());
        if (isOfTopic && start.get(1).asInt() == partition.partition()) {
          consumer.seek(partition, start.get(2).asLong());
        }
      }
    }
  }

  private static void seek(Consumer<byte[], byte[]> consumer, TopicPartition partition, OffsetAndTimestamp at) {
    if (at != null) {
      consumer.seek(partition, at.offset());
    } else {
      // Nothing in it is so young.
      consumer.seekToEnd(Collections.singleton(partition));
    }
  }

  private JsonNode from() {
    try {
      return new ObjectMapper().readTree(from);
    } catch (IOException never) {
      throw new UncheckedIOException(never);
    }
  }
}
