package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"math/big"
)

type keySet struct {
	Keys []struct{ Kid, Crv, X, Y string }
}

type claims struct {
	Iss string
	Aud audience
	Exp int64
}

// aud 是一段文字，或者几段。
type audience []string

func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// verify 验证一个 SM2 令牌，返回其中的内容。
func verify(token string, keys keySet, issuer, client string) ([]byte, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("不是令牌")
	}
	var decoded [3][]byte
	for i, part := range parts {
		bytes, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil {
			return nil, errors.New("不是令牌")
		}
		decoded[i] = bytes
	}
	var header struct{ Alg, Kid string }
	if json.Unmarshal(decoded[0], &header) != nil || header.Alg != "SGD_SM3_SM2" {
		return nil, errors.New("不接受这种算法")
	}
	point := keys.find(header.Kid)
	if point == nil {
		return nil, errors.New("没有这把公钥")
	}
	key, err := sm2.NewPublicKey(point)
	if err != nil {
		return nil, errors.New("公钥不对")
	}
	signature := decoded[2]
	if len(signature) == 64 {
		signature = der(signature)
	}
	// nil：用户标识是 1234567812345678
	if !sm2.VerifyASN1WithSM2(key, nil, []byte(parts[0]+"."+parts[1]), signature) {
		return nil, errors.New("签名不对")
	}
	var said claims
	if json.Unmarshal(decoded[1], &said) != nil || said.Iss != issuer {
		return nil, errors.New("签发者不对")
	}
	if !slices.Contains(said.Aud, client) {
		return nil, errors.New("不是给这个门户的")
	}
	if said.Exp <= time.Now().Unix() {
		return nil, errors.New("已过期")
	}
	return decoded[1], nil
}

func (s keySet) find(kid string) []byte {
	for _, key := range s.Keys {
		if key.Kid == kid && key.Crv == "SM2-P-256" {
			x, _ := base64.RawURLEncoding.DecodeString(key.X)
			y, _ := base64.RawURLEncoding.DecodeString(key.Y)
			return slices.Concat([]byte{4}, x, y)
		}
	}
	return nil
}

// der 把 r ‖ s 换成 DER。
func der(raw []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[:32]))
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[32:]))
	})
	return b.BytesOrPanic()
}

func read(from string) (keys keySet, err error) {
	var body io.ReadCloser
	if strings.HasPrefix(from, "http") {
		answer, err := http.Get(from)
		if err != nil {
			return keys, err
		}
		body = answer.Body
	} else if body, err = os.Open(from); err != nil {
		return keys, err
	}
	defer body.Close()
	return keys, json.NewDecoder(body).Decode(&keys)
}

func main() {
	keys, err := read(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	token, _ := io.ReadAll(os.Stdin)
	said, err := verify(strings.TrimSpace(string(token)), keys, os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(string(said))
}
