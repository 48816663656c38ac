// Kafka's own codec as a judge of ours. Runs from source, with kafka-clients and jackson-databind on the class path:
//   java -cp <jars> Vectors.java write SEED COUNT MetadataRequest:0-13 ...   prints random messages of each version
//   java -cp <jars> Vectors.java read < lines                                says what Kafka sees in our bytes
//   java -cp <jars> Vectors.java define MetadataRequest ...                  prints Kafka's definitions, one a line
// A line is {"message", "version", "bytes" (base64), "json"}; `read` needs no json and adds "again": the bytes that
// Kafka itself writes for what it read. Records are opaque bytes to this program.
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

public class Vectors {
    static final ObjectMapper MAPPER = new ObjectMapper().configure(JsonParser.Feature.ALLOW_COMMENTS, true);
    static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    static final String[] TEXTS = {"", "a", "topic-1", "größe", "主题", "🙂 x", "consumer_group.7"};
    static final long SAFE = (1L << 53) - 1;

    final Random random;
    final Map<String, JsonNode> common = new HashMap<>();

    Vectors(long seed) {
        random = new Random(seed);
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        if (args[0].equals("write")) {
            for (int i = 3; i < args.length; i++) {
                new Vectors(Long.parseLong(args[1])).write(args[i], Integer.parseInt(args[2]), out);
            }
        } else if (args[0].equals("define")) {
            for (int i = 1; i < args.length; i++) out.println(definition(args[i]));
        } else {
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                out.println(read(MAPPER.readTree(line)));
            }
        }
        out.flush();
    }

    static JsonNode definition(String name) throws Exception {
        try (InputStream file = Message.class.getResourceAsStream("/common/message/" + name + ".json")) {
            return MAPPER.readTree(file);
        }
    }

    /** what is NAME:FROM-TO; versions that this release of Kafka does not have are left out. */
    void write(String what, int count, PrintStream out) throws Exception {
        String name = what.substring(0, what.indexOf(':'));
        String[] range = what.substring(what.indexOf(':') + 1).split("-");
        JsonNode definition = definition(name);
        common.clear();
        definition.path("commonStructs").forEach(one -> common.put(one.get("name").asText(), one.get("fields")));
        for (short version = Short.parseShort(range[0]); version <= Short.parseShort(range[1]); version++) {
            if (!holds(definition.get("validVersions"), version)) continue;
            boolean flexible = holds(definition.path("flexibleVersions"), version);
            for (int i = 0; i < count; i++) {
                ObjectNode json = struct(definition.get("fields"), version, flexible, 0);
                ObjectNode line = NODES.objectNode().put("message", name).put("version", version);
                line.put("bytes", base64(bytes(fromJson(name, json, version), version)));
                out.println(line.set("json", json));
            }
        }
    }

    static ObjectNode read(JsonNode line) throws Exception {
        String name = line.get("message").asText();
        short version = line.get("version").shortValue();
        ObjectNode answer = NODES.objectNode().put("message", name).put("version", version);
        byte[] bytes = Base64.getDecoder().decode(line.get("bytes").asText());
        try {
            Message message = (Message) type(name).getConstructor().newInstance();
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            message.read(new ByteBufferAccessor(buffer), version);
            answer.put("left", buffer.remaining());
            answer.set("json", toJson(name, message, version));
            answer.put("again", base64(bytes(message, version)));
        } catch (RuntimeException | InvocationTargetException e) {
            Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
            answer.put("error", String.valueOf(cause));
        }
        return answer;
    }

    ObjectNode struct(JsonNode fields, short version, boolean flexible, int depth) {
        ObjectNode node = NODES.objectNode();
        for (JsonNode field : fields) {
            if (!holds(field.path("versions"), version)) continue;
            // A tagged field that is not there has its default.
            if (flexible && holds(field.path("taggedVersions"), version) && random.nextInt(3) == 0) continue;
            String name = field.get("name").asText();
            node.set(name.substring(0, 1).toLowerCase() + name.substring(1), value(field, version, flexible, depth));
        }
        return node;
    }

    JsonNode value(JsonNode field, short version, boolean flexible, int depth) {
        if (holds(field.path("nullableVersions"), version) && random.nextInt(5) == 0) return NODES.nullNode();
        String type = field.get("type").asText();
        if (!type.startsWith("[]")) return single(type, field, version, flexible, depth);
        ArrayNode array = NODES.arrayNode();
        boolean primitive = Character.isLowerCase(type.charAt(2));
        // Now and then more than 127, so that compact counts take two bytes.
        int size = primitive && random.nextInt(40) == 0 ? 130 : random.nextInt(depth > 1 ? 3 : 4);
        for (int i = 0; i < size; i++) array.add(single(type.substring(2), field, version, flexible, depth + 1));
        return array;
    }

    JsonNode single(String type, JsonNode field, short version, boolean flexible, int depth) {
        switch (type) {
            case "bool": return NODES.booleanNode(random.nextBoolean());
            case "int8": return NODES.numberNode((byte) integer(Byte.MIN_VALUE, Byte.MAX_VALUE));
            case "int16": return NODES.numberNode((short) integer(Short.MIN_VALUE, Short.MAX_VALUE));
            case "uint16": return NODES.numberNode((int) integer(0, 0xffff));
            case "int32": return NODES.numberNode((int) integer(Integer.MIN_VALUE, Integer.MAX_VALUE));
            case "uint32": return NODES.numberNode(integer(0, 0xffffffffL));
            case "int64": return NODES.numberNode(integer(-SAFE, SAFE));
            case "float64": return NODES.numberNode(random.nextGaussian() * 1e6);
            case "string": return NODES.textNode(text());
            case "uuid": return NODES.textNode(new Uuid(random.nextLong(), random.nextLong()).toString());
            case "bytes": case "records": return NODES.binaryNode(blob());
            default:
                JsonNode fields = field.has("fields") ? field.get("fields") : common.get(type);
                return struct(fields, version, flexible, depth);
        }
    }

    long integer(long min, long max) {
        switch (random.nextInt(8)) {
            case 0: return min;
            case 1: return max;
            case 2: return 0;
            case 3: return Math.max(min, -1);
            case 4: return random.nextInt(100);
            default: return min + Math.floorMod(random.nextLong(), max - min + 1);
        }
    }

    String text() {
        if (random.nextInt(30) == 0) return "long ".repeat(26 + random.nextInt(30));
        return TEXTS[random.nextInt(TEXTS.length)];
    }

    byte[] blob() {
        byte[] bytes = new byte[random.nextInt(20) == 0 ? 200 : random.nextInt(24)];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Whether version is in a range such as "3", "3-5", "3+" or "none". */
    static boolean holds(JsonNode range, short version) {
        String text = range.asText();
        if (text.isEmpty() || text.equals("none")) return false;
        if (text.endsWith("+")) return version >= Integer.parseInt(text.substring(0, text.length() - 1));
        String[] ends = text.split("-");
        return version >= Integer.parseInt(ends[0]) && version <= Integer.parseInt(ends[ends.length - 1]);
    }

    static Class<?> type(String name) throws Exception {
        boolean api = name.endsWith("Request") || name.endsWith("Response");
        return Class.forName("org.apache.kafka.common.message." + name + (api ? "Data" : ""));
    }

    static Class<?> converter(String name) throws Exception {
        return Class.forName(type(name).getName() + "JsonConverter");
    }

    static Message fromJson(String name, JsonNode json, short version) throws Exception {
        return (Message) converter(name).getMethod("read", JsonNode.class, short.class).invoke(null, json, version);
    }

    static JsonNode toJson(String name, Message message, short version) throws Exception {
        return (JsonNode) converter(name).getMethod("write", type(name), short.class, boolean.class)
            .invoke(null, message, version, false);
    }

    static byte[] bytes(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        if (buffer.hasRemaining()) throw new IllegalStateException(buffer.remaining() + " bytes short");
        return buffer.array();
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
