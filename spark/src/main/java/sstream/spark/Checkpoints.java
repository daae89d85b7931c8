package sstream.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.streaming.Checkpoint;
import org.apache.spark.streaming.CheckpointReader;
import org.apache.spark.streaming.StreamingContext;
import scala.Option;

/**
 * A directory with Spark's checkpoint, and beside it the plan that it is of: Spark goes on with the streams as
 * they were, whatever it is asked for, so another plan is refused.
 */
final class Checkpoints {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String directory;
  private final Path file;
  private final Configuration configuration;
  private final FileSystem system;

  Checkpoints(String directory, Configuration configuration) throws IOException {
    this.directory = directory;
    this.configuration = configuration;
    system = new Path(directory).getFileSystem(configuration);
    file = system.makeQualified(new Path(directory, "sstream-plan.json"));
  }

  /**
   * How many parts keys are spread over: as they were, if something is there. A start notes the plan.
   *
   * @param asked how many the user asks for; 0: does not say
   * @param usual how many they are if nobody says
   */
  int begin(Plan plan, int asked, int usual) throws IOException {
    if (system.exists(file)) {
      JsonNode was = read();
      int parts = was.get("parts").asInt();
      if (!was.get("plan").equals(plan.identity())) {
        throw new Refused(
            "the checkpoint in " + directory + " is of another line: " + was.get("line").asText()
                + ": give this one a directory of its own");
      }
      if (asked > 0 && asked != parts) {
        throw new Refused(
            "--parts " + asked + ": the keys in the checkpoint in " + directory + " are spread over " + parts
                + ": leave it out");
      }
      return parts;
    }
    if (Checkpoint.getCheckpointFiles(directory, Option.apply(system)).nonEmpty()) {
      throw new Refused("the checkpoint in " + directory + " is of another program");
    }
    int parts = asked > 0 ? asked : usual;
    ObjectNode now = JSON.createObjectNode();
    now.put("line", plan.line).put("parts", parts).set("plan", plan.identity());
    write(now);
    return parts;
  }

  /** The streams as the checkpoint has them; null if it has none yet. */
  StreamingContext read(SparkContext spark) {
    Option<Checkpoint> read = CheckpointReader.read(directory, spark.conf(), configuration, false);
    return read.isDefined() ? new StreamingContext(spark, read.get(), null) : null;
  }

  private JsonNode read() throws IOException {
    try (InputStream in = system.open(file)) {
      return JSON.readTree(in);
    }
  }

  /** Whole, or not there. */
  private void write(JsonNode content) throws IOException {
    Path temporary = file.suffix(".new");
    try (OutputStream out = system.create(temporary, true)) {
      out.write(JSON.writeValueAsBytes(content));
    }
    FileContext.getFileContext(system.getUri(), configuration).rename(temporary, file, Options.Rename.OVERWRITE);
  }

  /** A checkpoint that is not this line's. */
  static final class Refused extends IOException {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }
}
