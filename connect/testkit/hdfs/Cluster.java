import java.io.File;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;

/** A NameNode and a DataNode, with what they had when they were killed. */
public class Cluster {
    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        int http = Integer.parseInt(arguments[1]);
        File dir = new File(arguments[2]);
        Configuration conf = new Configuration();
        conf.set("hdfs.minidfs.basedir", dir.getAbsolutePath());
        conf.set("dfs.blocksize", "1048576");
        conf.set("dfs.namenode.fs-limits.min-block-size", "1048576");
        conf.set("dfs.permissions.enabled", "false");
        // After a kill it should be there at once.
        conf.set("dfs.namenode.safemode.extension", "0");
        File formatted = new File(dir, "formatted");
        new MiniDFSCluster.Builder(conf)
            .nameNodePort(port)
            .nameNodeHttpPort(http)
            .numDataNodes(1)
            .format(!formatted.exists())
            .build()
            .waitActive();
        formatted.createNewFile();
        Thread.sleep(Long.MAX_VALUE);
    }
}
