import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.stream.Collectors;

/** Answers each pure case of the vectors: its id, and the reason or the caller. */
final class Run {
    @SuppressWarnings("unchecked")
    public static void main(String[] arguments) throws Exception {
        var file = Verify.Json.object(Files.readAllBytes(Path.of(arguments[0]))).orElseThrow();
        var documents = (Map<String, Map<String, Object>>) file.get("key_documents");
        for (var entry : (List<Map<String, Object>>) file.get("cases")) {
            if (entry.get("pure").equals(false)) continue;
            var settings = new HashMap<>((Map<String, Object>) file.get("settings"));
            settings.putAll((Map<String, Object>) entry.getOrDefault("settings", Map.of()));
            var step = ((List<Map<String, Object>>) entry.get("steps")).get(0);
            var asked = (Map<String, Object>) step.get("request");
            var headers = ((List<List<String>>) asked.get("headers")).stream()
                .map(pair -> Map.entry(pair.get(0).toLowerCase(Locale.ROOT), pair.get(1))).toList();
            var body = (Map<String, Object>) asked.get("body");
            var bytes = body.get("repeat") instanceof String text
                ? text.repeat(((Number) body.get("times")).intValue()).getBytes(StandardCharsets.US_ASCII)
                : Base64.getDecoder().decode((String) body.get("base64"));
            var request = new Verify.Request((String) asked.get("method"), (String) asked.get("target"), headers, bytes);
            var document = ((String) documents.get(step.get("keys")).get("body")).getBytes(StandardCharsets.UTF_8);
            String said;
            try {
                var claims = Verify.claims(request, Verify.keys(document), (String) settings.get("door"),
                    (String) settings.get("agent"), ((Number) step.get("now")).longValue());
                said = "{\"caller\":" + json(claims) + "}";
            } catch (Verify.Refused refused) {
                said = "{\"reason\":" + json(refused.getMessage()) + "}";
            }
            System.out.println("{\"id\":" + json(entry.get("id")) + ",\"said\":" + said + "}");
        }
    }

    private static String json(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream().map(member -> json(member.getKey()) + ":" + json(member.getValue()))
                .collect(Collectors.joining(",", "{", "}"));
        }
        if (value instanceof List<?> list) return list.stream().map(Run::json).collect(Collectors.joining(",", "[", "]"));
        if (!(value instanceof String text)) return String.valueOf(value);
        return text.chars().mapToObj(unit -> String.format("\\u%04x", unit)).collect(Collectors.joining("", "\"", "\""));
    }
}
