import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.security.SecureRandom;
import org.bouncycastle.asn1.gm.GMNamedCurves;
import org.bouncycastle.crypto.digests.SM3Digest;
import org.bouncycastle.crypto.macs.HMac;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithID;
import org.bouncycastle.crypto.params.ParametersWithRandom;
import org.bouncycastle.crypto.signers.SM2Signer;
import org.bouncycastle.util.encoders.Hex;

/** Answers one line for each line of standard input; all values are hexadecimal. */
public class Guomi {
  static final byte[] ID = "1234567812345678".getBytes();
  static final ECDomainParameters CURVE = new ECDomainParameters(GMNamedCurves.getByName("sm2p256v1"));

  public static void main(String[] args) throws Exception {
    var lines = new BufferedReader(new InputStreamReader(System.in));
    var answers = new StringBuilder();
    for (String line; (line = lines.readLine()) != null; ) answers.append(answer(line.split(" "))).append('\n');
    System.out.print(answers);
  }

  static String answer(String[] words) throws Exception {
    byte[] last = Hex.decode(words[words.length - 1]);
    return switch (words[0]) {
      case "sign" -> {
        var key = new ECPrivateKeyParameters(new BigInteger(words[1], 16), CURVE);
        var signer = new SM2Signer();
        signer.init(true, new ParametersWithID(new ParametersWithRandom(key, new SecureRandom()), ID));
        signer.update(last, 0, last.length);
        yield Hex.toHexString(signer.generateSignature());
      }
      case "verify" -> {
        var key = new ECPublicKeyParameters(CURVE.getCurve().decodePoint(Hex.decode(words[1])), CURVE);
        var signer = new SM2Signer();
        signer.init(false, new ParametersWithID(key, ID));
        byte[] message = Hex.decode(words[2]);
        signer.update(message, 0, message.length);
        yield String.valueOf(signer.verifySignature(last));
      }
      case "sm3" -> {
        var digest = new SM3Digest();
        digest.update(last, 0, last.length);
        byte[] out = new byte[32];
        digest.doFinal(out, 0);
        yield Hex.toHexString(out);
      }
      case "hmac" -> {
        var mac = new HMac(new SM3Digest());
        mac.init(new KeyParameter(Hex.decode(words[1])));
        mac.update(last, 0, last.length);
        byte[] out = new byte[32];
        mac.doFinal(out, 0);
        yield Hex.toHexString(out);
      }
      default -> throw new IllegalArgumentException(words[0]);
    };
  }
}
