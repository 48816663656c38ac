// A Kafka 3.9 on ZooKeeper that writes messages of the formats v0 and v1, for old_formats.test.ts: the newest that does, and
// only without KRaft. Both run in this process, which ends when its standard input does.
// java -cp '<jars of kafka_2.13:3.9.0>' OldKafka.java <folder> <port of ZooKeeper> <port of Kafka>
import java.io.File;
import java.io.FileWriter;
import java.net.InetSocketAddress;
import java.util.Properties;
import org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.zookeeper.server.ZooKeeperServer;

public class OldKafka {
    public static void main(String[] args) throws Exception {
        File folder = new File(args[0]);
        File kept = new File(folder, "zookeeper");
        NIOServerCnxnFactory door = new NIOServerCnxnFactory();
        door.configure(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[1])), 100);
        door.startup(new ZooKeeperServer(kept, kept, 2000));
        Properties values = new Properties();
        values.put("broker.id", "1");
        values.put("listeners", "PLAINTEXT://127.0.0.1:" + args[2]);
        values.put("zookeeper.connect", "127.0.0.1:" + args[1]);
        values.put("log.dirs", new File(folder, "data").getPath());
        // From 3.0 on message.format.version has no effect.
        values.put("inter.broker.protocol.version", "2.8");
        values.put("log.message.format.version", "0.10.0");
        values.put("log.retention.ms", "-1");
        values.put("log.cleaner.dedupe.buffer.size", "16777216");
        File file = new File(folder, "server.properties");
        try (FileWriter out = new FileWriter(file)) {
            values.store(out, null);
        }
        Thread broker = new Thread(() -> kafka.Kafka.main(new String[] {file.getPath()}));
        broker.setDaemon(true);
        broker.start();
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0);
    }
}
