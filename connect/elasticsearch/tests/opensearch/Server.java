import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/**
 * A node of OpenSearch, all of its cluster, on 127.0.0.1: PORT DIRECTORY PROCESS [SETTING=VALUE…]. It ends with the process of
 * that number, so that a test which was killed leaves nothing behind.
 */
final class Server extends Node {
    private Server(Environment environment) {
        super(environment, List.of(Netty4Plugin.class), false);
    }

    public static void main(String[] words) throws Exception {
        ProcessHandle.of(Long.parseLong(words[2])).orElseThrow().onExit().thenRun(() -> Runtime.getRuntime().halt(0));
        Path home = Path.of(words[1]).toAbsolutePath();
        Path config = Files.createDirectories(home.resolve("config"));
        Settings.Builder settings = Settings.builder()
                .put("path.home", home.toString())
                .put("cluster.name", "tests")
                .put("discovery.type", "single-node")
                .put("network.host", "127.0.0.1")
                .put("http.type", "netty4")
                .put("http.port", words[0])
                .put("transport.type", "netty4")
                // The transport of nodes, of which there are no others.
                .put("transport.port", "0")
                // However full the disk of a developer is.
                .put("cluster.routing.allocation.disk.threshold_enabled", false);
        for (int at = 3; at < words.length; at++) {
            String[] setting = words[at].split("=", 2);
            settings.put(setting[0], setting[1]);
        }
        new Server(InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), config, () -> "tests")).start();
        new CountDownLatch(1).await();
    }
}
