// Signs and sends one request with a private key (PKCS#8 in PEM):
// java SignKey.java ALGORITHM METHOD URL [BODY]      RSA, EC or Ed25519

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.UUID;

public class SignKey {
    public static void main(String[] args) throws Exception {
        String algorithm = args[0];
        String method = args[1];
        URI url = URI.create(args[2]);
        String body = args.length > 3 ? args[3] : "";

        String pem = Files
            .readString(Path.of(System.getenv("PAY_PRIVATE_KEY_FILE")))
            .replaceAll("-----[A-Z ]+-----|\\s", "");
        PrivateKey key = KeyFactory.getInstance(algorithm).generatePrivate(
            new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem)));

        String scheme = Map.of("RSA", "PAY-RSA-SHA256",
            "EC", "PAY-ECDSA-P256-SHA256",
            "Ed25519", "PAY-ED25519").get(algorithm);
        Signature signer = Signature.getInstance(Map.of("RSA", "SHA256withRSA",
            "EC", "SHA256withECDSA", "Ed25519", "Ed25519").get(algorithm));

        // path and query as sent
        String query = url.getRawQuery();
        String target = url.getRawPath() + (query == null ? "" : "?" + query);
        long timestamp = Instant.now().getEpochSecond();
        String nonce = UUID.randomUUID().toString();

        String text = method + "\n" + target + "\n" + timestamp + "\n"
            + nonce + "\n" + body + "\n";
        signer.initSign(key);
        signer.update(text.getBytes(UTF_8));
        String signature = Base64.getEncoder().encodeToString(signer.sign());

        String authorization = String.format("%s merchant=\"%s\",key=\"%s\","
            + "timestamp=\"%d\",nonce=\"%s\",signature=\"%s\"", scheme,
            System.getenv("PAY_MERCHANT"), System.getenv("PAY_KEY"),
            timestamp, nonce, signature);

        HttpRequest request = HttpRequest.newBuilder(url)
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .header("Authorization", authorization)
            .header("Content-Type", "application/json")
            .build();
        HttpResponse<String> answer = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());

        System.out.println(answer.body());
        System.out.println(answer.statusCode());
    }
}
