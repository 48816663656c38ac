// Kafka's own Java client on a command line, for tests: run from source with the kafka-clients jar on the class path.
//
//   produce BOOTSTRAP TOPIC FROM TO [name=value ...]      sends m<FROM>..m<TO-1>; prints "sent <partition> <offset> <value>"
//   consume BOOTSTRAP TOPIC GROUP [name=value ...]        prints "assigned <p>,<p>", "record <partition> <offset> <key> <value>
//                                                         <header>" until standard input ends; then commits and leaves
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.header.Header;

public class JavaClient {
    public static void main(String[] args) throws Exception {
        Properties props = new Properties();
        props.put("bootstrap.servers", args[1]);
        boolean produce = args[0].equals("produce");
        for (int i = produce ? 5 : 4; i < args.length; i++) {
            int equals = args[i].indexOf('=');
            props.put(args[i].substring(0, equals), args[i].substring(equals + 1));
        }
        if (produce) produce(props, args[2], Integer.parseInt(args[3]), Integer.parseInt(args[4]));
        else consume(props, args[2], args[3]);
        say("done");
    }

    static void produce(Properties props, String topic, int from, int to) throws Exception {
        String serializer = "org.apache.kafka.common.serialization.StringSerializer";
        props.put("key.serializer", serializer);
        props.put("value.serializer", serializer);
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(props)) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int i = from; i < to; i++) {
                ProducerRecord<String, String> record = new ProducerRecord<>(topic, "k" + i, "m" + i);
                record.headers().add("h", ("v" + i).getBytes());
                sent.add(producer.send(record));
            }
            for (int i = from; i < to; i++) {
                RecordMetadata meta = sent.get(i - from).get();
                say("sent " + meta.partition() + " " + meta.offset() + " m" + i);
            }
        }
    }

    static void consume(Properties props, String topic, String group) throws Exception {
        String deserializer = "org.apache.kafka.common.serialization.StringDeserializer";
        props.put("key.deserializer", deserializer);
        props.put("value.deserializer", deserializer);
        props.put("group.id", group);
        props.putIfAbsent("auto.offset.reset", "earliest");
        try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(props)) {
            Thread stdin = new Thread(() -> {
                try {
                    while (System.in.read() >= 0) { }
                } catch (java.io.IOException e) {
                    // As good as its end.
                }
                consumer.wakeup();
            });
            stdin.setDaemon(true);
            consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
                public void onPartitionsRevoked(Collection<TopicPartition> gone) { }
                public void onPartitionsAssigned(Collection<TopicPartition> added) {
                    List<String> all = new ArrayList<>();
                    for (TopicPartition tp : consumer.assignment()) all.add("" + tp.partition());
                    java.util.Collections.sort(all);
                    say("assigned " + String.join(",", all));
                }
            });
            stdin.start();
            try {
                while (true) {
                    for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
                        Header header = record.headers().lastHeader("h");
                        say("record " + record.partition() + " " + record.offset() + " " + record.key() + " "
                            + record.value() + " " + (header == null ? "-" : new String(header.value())));
                    }
                }
            } catch (WakeupException stop) {
                consumer.commitSync();
            }
        }
    }

    static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
