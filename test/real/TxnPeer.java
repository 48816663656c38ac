// Kafka's own Java client as the peer of test/real/transactions.test.ts: run from source with the kafka-clients jar on the
// class path and the bootstrap servers as its argument. Reads commands, one a line, and answers each with lines up to "end".
//
//   steps TOPIC STEP STEP ...    a step is producer,partition,first key,count,how,flush or not,bytes of a value
//   read TOPIC PARTITION LEVEL   prints the offsets that a consumer of that isolation level gets, up to its end
//
// How: None (no transaction), BeginCommit, BeginAbort, BeginOpen, ContinueCommit, ContinueAbort, ContinueOpen. Producers
// stay for the topic until the next one; a transaction that is left open stays open until this process ends.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class TxnPeer {
    static final Map<String, KafkaProducer<byte[], byte[]>> producers = new HashMap<>();

    public static void main(String[] args) throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = commands.readLine()) != null; ) {
            String[] words = line.split(" ");
            if (words[0].equals("steps")) {
                producers.clear();
                for (int i = 2; i < words.length; i++) step(args[0], words[1], words[i].split(","));
            } else read(args[0], words[1], Integer.parseInt(words[2]), words[3]);
            System.out.println("end");
            System.out.flush();
        }
    }

    static KafkaProducer<byte[], byte[]> producer(String bootstrap, String name, boolean transactional) {
        Map<String, Object> props = new HashMap<>();
        props.put("bootstrap.servers", bootstrap);
        props.put("linger.ms", 1000);
        props.put("compression.type", name.contains("gzip") ? "gzip" : "none");
        if (transactional) props.put("transactional.id", name);
        var bytes = new ByteArraySerializer();
        var made = new KafkaProducer<>(props, bytes, bytes);
        if (transactional) made.initTransactions();
        return made;
    }

    static void step(String bootstrap, String topic, String[] words) {
        String how = words[4];
        var p = producers.computeIfAbsent(words[0], (name) -> producer(bootstrap, topic + name, !how.equals("None")));
        if (how.startsWith("Begin")) p.beginTransaction();
        int first = Integer.decode(words[2]);
        byte[] value = new byte[Integer.parseInt(words[6])];
        for (int i = 0; i < Integer.parseInt(words[3]); i++) {
            byte[] key = {(byte) (first + i)};
            p.send(new ProducerRecord<>(topic, Integer.valueOf(words[1]), key, value));
        }
        if (words[5].equals("flush")) p.flush();
        if (how.endsWith("Commit")) p.commitTransaction();
        if (how.endsWith("Abort")) p.abortTransaction();
    }

    static void read(String bootstrap, String topic, int partition, String level) {
        Map<String, Object> props = new HashMap<>();
        props.put("bootstrap.servers", bootstrap);
        props.put("isolation.level", level);
        var bytes = new ByteArrayDeserializer();
        try (var consumer = new KafkaConsumer<>(props, bytes, bytes)) {
            var from = new TopicPartition(topic, partition);
            consumer.assign(List.of(from));
            consumer.seekToBeginning(List.of(from));
            long end = consumer.endOffsets(List.of(from)).get(from);
            while (consumer.position(from) < end)
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200)))
                    System.out.println(record.offset());
        }
    }
}
