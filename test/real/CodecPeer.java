// Kafka's own Java client as the peer of test/real/codecs.test.ts: run from source with the kafka-clients jar on the class
// path and the bootstrap servers as its argument. Reads commands, one a line, and answers each with lines up to "end".
//
//   produce TOPIC CODEC FILE   sends the file's messages, those of a partition as one batch
//   read TOPIC COUNT           prints COUNT messages from the beginning
//
// A message is a line: partition, key, value, headers ("-" or name:value, comma between). A field is "-" for null, else "="
// and its base64.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class CodecPeer {
    public static void main(String[] args) throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = commands.readLine()) != null; ) {
            String[] words = line.split(" ");
            if (words[0].equals("produce")) produce(args[0], words[1], words[2], Path.of(words[3]));
            else read(args[0], words[1], Integer.parseInt(words[2]));
            System.out.println("end");
            System.out.flush();
        }
    }

    static void produce(String bootstrap, String topic, String codec, Path file) throws Exception {
        Map<String, Object> props = new HashMap<>();
        props.put("bootstrap.servers", bootstrap);
        props.put("compression.type", codec);
        // Only flush sends.
        props.put("linger.ms", 60_000);
        props.put("batch.size", 1_000_000);
        var bytes = new ByteArraySerializer();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(props, bytes, bytes)) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (String line : Files.readAllLines(file)) {
                String[] words = line.split(" ");
                RecordHeaders headers = new RecordHeaders();
                if (!words[3].equals("-"))
                    for (String header : words[3].split(",")) {
                        int colon = header.indexOf(':');
                        headers.add(header.substring(0, colon), bytes(header.substring(colon + 1)));
                    }
                sent.add(producer.send(new ProducerRecord<>(
                    topic, Integer.parseInt(words[0]), bytes(words[1]), bytes(words[2]), headers)));
            }
            producer.flush();
            for (Future<RecordMetadata> each : sent) each.get();
        }
    }

    static void read(String bootstrap, String topic, int count) {
        Map<String, Object> props = new HashMap<>();
        props.put("bootstrap.servers", bootstrap);
        var bytes = new ByteArrayDeserializer();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(props, bytes, bytes)) {
            List<TopicPartition> all = new ArrayList<>();
            for (var info : consumer.partitionsFor(topic)) all.add(new TopicPartition(topic, info.partition()));
            consumer.assign(all);
            consumer.seekToBeginning(all);
            for (int left = count; left > 0; ) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    List<String> headers = new ArrayList<>();
                    for (Header header : record.headers()) headers.add(header.key() + ":" + text(header.value()));
                    System.out.println(record.partition() + " " + text(record.key()) + " " + text(record.value()) + " "
                        + (headers.isEmpty() ? "-" : String.join(",", headers)));
                    left--;
                }
            }
        }
    }

    static byte[] bytes(String field) {
        return field.equals("-") ? null : Base64.getDecoder().decode(field.substring(1));
    }

    static String text(byte[] field) {
        return field == null ? "-" : "=" + Base64.getEncoder().encodeToString(field);
    }
}
