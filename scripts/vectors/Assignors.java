// Kafka's own assignors as a judge of ours. Runs from source, with kafka-clients and jackson-databind on the class
// path:
//   java -cp <jars> Assignors.java SEED GROUPS     plays that many random groups, several rounds each, one line a round
// A line has "members" in the order of a JoinGroup response, with their subscriptions as bytes (base64), "topics" with
// the racks of each partition's replicas (a letter each), and for each assignor what every member got
// ("topic:0,1 other:2"), or null and the error where Kafka's assignor fails. What cooperative-sticky gives is owned in
// the next round, apart from members that missed a round, lost their membership, or claim what others own. The last
// line is what cooperative-sticky sends as user data, by generation.
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

public class Assignors {
    static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    static final String RACKS = "abcd";
    static final int GENERATION = 40;
    /** Sizes of a group: how many members, topics and partitions of a topic at most. */
    static final int[][] SIZES = {{4, 3, 8}, {4, 3, 8}, {8, 5, 12}, {8, 5, 12}, {12, 8, 20}, {12, 8, 20}, {40, 6, 60}};

    static class Member {
        String id;
        String instance;
        String rack;
        /** Of the subscription's format: those below 2 carry the generation in the user data only. */
        short version;
        List<String> topics = new ArrayList<>();
        List<TopicPartition> owned = new ArrayList<>();
        int generation = -1;
        boolean hasUserData = true;
    }

    final Random random;
    final int[] size;
    final boolean alike;
    final int unruly;
    final int rackMode;
    final Map<String, List<String>> topics = new TreeMap<>();
    final List<Member> members = new ArrayList<>();
    int names;

    Assignors(long seed) {
        random = new Random(seed);
        size = SIZES[random.nextInt(20) == 0 ? 6 : random.nextInt(6)];
        alike = random.nextBoolean();
        unruly = random.nextInt(3) == 0 ? 4 : random.nextInt(2) * 30;
        rackMode = random.nextInt(5);
        for (int i = 1 + random.nextInt(size[1]); i > 0; i--) addTopic();
        for (int i = 1 + random.nextInt(size[0]); i > 0; i--) join();
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (int group = 0; group < Integer.parseInt(args[1]); group++) {
            Assignors one = new Assignors(Long.parseLong(args[0]) * 1_000_003L + group);
            int rounds = 1 + one.random.nextInt(6);
            for (int round = 0; round < rounds; round++) {
                if (round > 0) one.change();
                out.println(one.round(group, round));
            }
        }
        ObjectNode userData = NODES.objectNode();
        userData.put("-1", base64(new CooperativeStickyAssignor().subscriptionUserData(Set.of("t"))));
        for (int generation : new int[] {0, 1, 300, Integer.MAX_VALUE}) {
            CooperativeStickyAssignor assignor = new CooperativeStickyAssignor();
            Assignment assignment = new Assignment(Collections.emptyList());
            assignor.onAssignment(assignment, new ConsumerGroupMetadata("g", generation, "m", Optional.empty()));
            userData.put(String.valueOf(generation), base64(assignor.subscriptionUserData(Set.of("t"))));
        }
        out.println(NODES.objectNode().set("userData", userData));
        out.flush();
    }

    void addTopic() {
        String topic = "t" + random.nextInt(12);
        List<String> racks = new ArrayList<>();
        for (int i = random.nextInt(size[2] + 1); i > 0; i--) racks.add(racksOfPartition());
        topics.putIfAbsent(topic, racks);
    }

    /** Nowhere, everywhere, in one, in two neighbours, or in any of the racks, where brokers without a rack are. */
    String racksOfPartition() {
        int first = random.nextInt(3);
        if (rackMode == 0) return "";
        if (rackMode == 1) return "abc";
        if (rackMode == 2) return RACKS.substring(first, first + 1);
        if (rackMode == 3) return RACKS.substring(first, first + 2);
        StringBuilder racks = new StringBuilder();
        for (int i = random.nextInt(4); i > 0; i--) racks.append(RACKS.charAt(random.nextInt(RACKS.length())));
        return racks.toString();
    }

    /** Ids of which some have the same hash in Java, and some are long. */
    String newId() {
        String id = "c" + ++names;
        int kind = random.nextInt(4);
        if (kind == 0) id = (random.nextBoolean() ? "Aa" : "BB") + (random.nextBoolean() ? "Aa" : "BB") + names / 4;
        if (kind == 1) id = Long.toString(random.nextLong(1L << 40), 36);
        if (kind == 2 && random.nextInt(4) == 0) id = "rdkafka-" + new UUID(random.nextLong(), random.nextLong());
        return id;
    }

    void join() {
        Member member = new Member();
        do member.id = newId(); while (has(member.id));
        member.instance = random.nextInt(4) == 0 ? "i" + random.nextInt(50) + "-" + names : null;
        boolean hasRack = random.nextInt(4) > (rackMode == 0 ? 2 : 0);
        member.rack = hasRack ? String.valueOf(RACKS.charAt(random.nextInt(RACKS.length()))) : null;
        member.version = (short) (random.nextInt(8) == 0 ? random.nextInt(3) : 3);
        member.hasUserData = random.nextInt(10) > 0;
        subscribe(member);
        members.add(random.nextInt(members.size() + 1), member);
    }

    boolean has(String id) {
        return members.stream().anyMatch(member -> member.id.equals(id));
    }

    void subscribe(Member member) {
        member.topics.clear();
        for (String topic : topics.keySet()) if (alike || random.nextInt(3) > 0) member.topics.add(topic);
        if (!alike && random.nextInt(8) == 0) member.topics.add("nowhere");
        if (member.topics.isEmpty() && random.nextInt(12) > 0) member.topics.addAll(topics.keySet());
        Collections.shuffle(member.topics, random);
    }

    /** What happens between two rounds. */
    void change() {
        int kind = random.nextInt(10);
        if (kind < 4) for (int i = 1 + random.nextInt(1 + size[0] / 3); i > 0; i--) join();
        if (kind >= 3 && kind < 7) {
            for (int i = 1 + random.nextInt(1 + members.size() / 3); i > 0 && members.size() > 1; i--) {
                members.remove(random.nextInt(members.size()));
            }
        }
        if (kind == 7) {
            addTopic();
            members.forEach(this::subscribe);
        }
        if (kind == 8) {
            List<String> some = new ArrayList<>(topics.values()).get(random.nextInt(topics.size()));
            for (int i = 1 + random.nextInt(4); i > 0; i--) some.add(racksOfPartition());
        }
        if (kind == 9 && topics.size() > 1) topics.remove(topics.keySet().iterator().next());
        if (random.nextInt(4) == 0) subscribe(members.get(random.nextInt(members.size())));
        if (unruly > 0 && random.nextInt(unruly) == 0) disturb();
    }

    void disturb() {
        Member member = members.get(random.nextInt(members.size()));
        Member other = members.get(random.nextInt(members.size()));
        int kind = random.nextInt(5);
        if (kind == 0) member.generation = -1;
        if (kind == 1) member.generation = Math.max(-1, member.generation - 1 - random.nextInt(2));
        if (kind == 2) member.owned = new ArrayList<>();
        if (kind == 3) {
            for (TopicPartition each : List.copyOf(other.owned)) if (random.nextInt(3) > 0) claim(member, each);
        }
        if (kind == 4 && !member.owned.isEmpty()) claim(other, member.owned.get(random.nextInt(member.owned.size())));
    }

    void claim(Member member, TopicPartition partition) {
        if (!member.owned.contains(partition) || random.nextInt(20) == 0) member.owned.add(partition);
    }

    ObjectNode round(int group, int round) throws InterruptedException {
        ObjectNode line = NODES.objectNode().put("group", group).put("round", round);
        ArrayNode told = line.putArray("members");
        Map<String, byte[]> metadata = new LinkedHashMap<>();
        for (Member member : members) {
            byte[] bytes = subscriptionOf(member);
            metadata.put(member.id, bytes);
            told.addObject().put("id", member.id).put("instance", member.instance).put("metadata", base64(bytes));
        }
        ArrayNode known = line.putArray("topics");
        topics.forEach((topic, racks) -> {
            ArrayNode list = known.addObject().put("topic", topic).putArray("racks");
            racks.forEach(list::add);
        });
        run(line, new RangeAssignor(), metadata);
        run(line, new RoundRobinAssignor(), metadata);
        Map<String, Assignment> result = run(line, new CooperativeStickyAssignor(), metadata);
        if (result == null) return line;
        for (Member member : members) {
            // Missed the round: still believes in what it had.
            if (unruly > 0 && random.nextInt(5 * unruly) == 0) continue;
            member.owned = new ArrayList<>(result.get(member.id).partitions());
            member.generation = GENERATION + round;
        }
        return line;
    }

    byte[] subscriptionOf(Member member) {
        CooperativeStickyAssignor assignor = new CooperativeStickyAssignor();
        Assignment assignment = new Assignment(Collections.emptyList());
        assignor.onAssignment(
            assignment, new ConsumerGroupMetadata("g", member.generation, member.id, Optional.empty()));
        ByteBuffer userData = member.hasUserData ? assignor.subscriptionUserData(Set.copyOf(member.topics)) : null;
        Subscription subscription = new Subscription(
            member.topics, userData, member.owned, member.generation, Optional.ofNullable(member.rack));
        return array(ConsumerProtocol.serializeSubscription(subscription, member.version));
    }

    Map<String, Assignment> run(ObjectNode line, ConsumerPartitionAssignor assignor, Map<String, byte[]> metadata)
        throws InterruptedException {
        Map<String, Subscription> subscriptions = new HashMap<>();
        for (Member member : members) {
            ByteBuffer bytes = ByteBuffer.wrap(metadata.get(member.id));
            Subscription subscription = ConsumerProtocol.deserializeSubscription(bytes);
            subscription.setGroupInstanceId(Optional.ofNullable(member.instance));
            subscriptions.put(member.id, subscription);
        }
        Cluster cluster = cluster();
        GroupSubscription subscription = new GroupSubscription(subscriptions);
        // Kafka's sticky assignor moves partitions in circles now and then, for ever.
        FutureTask<Map<String, Assignment>> task =
            new FutureTask<>(() -> assignor.assign(cluster, subscription).groupAssignment());
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
        try {
            Map<String, Assignment> result = task.get(20, TimeUnit.SECONDS);
            ArrayNode list = line.putArray(assignor.name());
            for (Member member : members) list.add(text(result.get(member.id).partitions()));
            return result;
        } catch (ExecutionException | TimeoutException e) {
            line.putNull(assignor.name());
            line.put("error", String.valueOf(e));
            return null;
        }
    }

    Cluster cluster() {
        Map<String, Node> nodes = new LinkedHashMap<>();
        for (int i = 0; i < RACKS.length(); i++) {
            String rack = RACKS.substring(i, i + 1);
            nodes.put(rack, new Node(i + 1, "host", 9092, rack));
        }
        nodes.put("", new Node(9, "host", 9092, null));
        List<PartitionInfo> partitions = new ArrayList<>();
        topics.forEach((topic, racks) -> {
            for (int i = 0; i < racks.size(); i++) {
                // "".split("") is one empty text: a broker without a rack.
                Node[] replicas = Arrays.stream(racks.get(i).split("")).map(nodes::get).toArray(Node[]::new);
                partitions.add(new PartitionInfo(topic, i, replicas[0], replicas, replicas));
            }
        });
        return new Cluster("c", nodes.values(), partitions, Set.of(), Set.of());
    }

    static String text(List<TopicPartition> partitions) {
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        for (TopicPartition each : partitions) {
            byTopic.computeIfAbsent(each.topic(), topic -> new ArrayList<>()).add(each.partition());
        }
        List<String> words = new ArrayList<>();
        byTopic.forEach((topic, numbers) -> {
            Collections.sort(numbers);
            words.add(topic + ":" + numbers.toString().replaceAll("[\\[\\] ]", ""));
        });
        return String.join(" ", words);
    }

    static byte[] array(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    static String base64(ByteBuffer buffer) {
        return base64(array(buffer));
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
