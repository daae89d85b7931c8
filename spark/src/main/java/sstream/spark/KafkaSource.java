package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Iterator;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaInputDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import org.apache.spark.streaming.kafka010.KafkaUtils;
import org.apache.spark.streaming.kafka010.LocationStrategies;

/**
 * Messages of Kafka: Spark's direct stream reads them, a partition each of the topics', and keeps the
 * offsets; our own source makes the records of them.
 */
final class KafkaSource {
  private KafkaSource() {}

  static JavaDStream<byte[]> stream(JavaStreamingContext context, JsonNode node) {
    JavaInputDStream<ConsumerRecord<byte[], byte[]>> messages = KafkaUtils.createDirectStream(
        context, LocationStrategies.PreferConsistent(), new KafkaStart(node));
    String command = node.get("command").asText();
    return messages.transform(batch -> batch.mapPartitions(partition -> records(command, partition)));
  }

  private static Iterator<byte[]> records(String command, Iterator<ConsumerRecord<byte[], byte[]>> messages)
      throws IOException {
    if (!messages.hasNext()) {
      return Collections.emptyIterator();
    }
    return new Making(command, stdin -> write(messages, stdin));
  }

  /** As connect/kafka/src/source/piped.rs reads them. */
  private static void write(Iterator<ConsumerRecord<byte[], byte[]>> messages, OutputStream stdin) throws IOException {
    DataOutputStream out = new DataOutputStream(stdin);
    while (messages.hasNext()) {
      ConsumerRecord<byte[], byte[]> message = messages.next();
      out.writeLong(message.timestamp());
      out.writeInt(message.partition());
      out.writeLong(message.offset());
      bytes(out, message.topic().getBytes(StandardCharsets.UTF_8));
      bytes(out, message.key());
      bytes(out, message.value());
      Header[] headers = message.headers().toArray();
      out.writeInt(headers.length);
      for (Header header : headers) {
        bytes(out, header.key().getBytes(StandardCharsets.UTF_8));
        bytes(out, header.value());
      }
    }
    out.flush();
  }

  private static void bytes(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) {
      out.write(bytes);
    }
  }
}
