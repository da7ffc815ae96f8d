#!/bin/sh
# Makes a CA for trying, a certificate of a person (SM2 with SM3), a list of revoked certificates, and the file of YIDENG_CERT_CAS.
# Usage: make-certificates.sh DIRECTORY NAME DOCUMENT_NUMBER. Needs OpenSSL 3. Never use it for real people.
set -eu
cd "$1"
id="distid:1234567812345678"

cat > ca.conf <<END
[ca]
database = index.txt
default_md = sm3
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
[person]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
END
touch index.txt

openssl ecparam -genkey -name SM2 -noout -out ca.key
openssl req -new -x509 -utf8 -key ca.key -sm3 -sigopt "$id" -days 365 -subj "/CN=CA for trying" \
  -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca.pem
openssl ecparam -genkey -name SM2 -noout -out person.key
openssl req -new -utf8 -key person.key -sm3 -sigopt "$id" -subj "/CN=$2/serialNumber=SF$3" -out person.csr
openssl x509 -req -in person.csr -vfyopt "$id" -CA ca.pem -CAkey ca.key -CAcreateserial -sm3 -sigopt "$id" -days 90 \
  -extfile ca.conf -extensions person -out person.pem
openssl ca -config ca.conf -name ca -gencrl -keyfile ca.key -cert ca.pem -sigopt "$id" -crldays 30 -out ca.crl
chmod 600 ca.key person.key

cat > cas.json <<END
{
  "agent": "http://127.0.0.1:18900",
  "cas": [
    {
      "id": "trying",
      "name": "试用证书",
      "certificateFiles": ["ca.pem"],
      "subjects": [
        {
          "kind": "natural",
          "number": { "in": "subject", "oid": "2.5.4.5", "pattern": "SF(.{18})" },
          "name": { "in": "subject", "oid": "2.5.4.3" }
        }
      ],
      "revocation": { "crls": ["ca.crl"] }
    }
  ]
}
END
