// Signs and sends one request with a private key (PKCS#8 in PEM; RSA, P-256,
// Ed25519):  go run sign_key.go METHOD URL [BODY]

package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func sign(text string) (scheme string, signature []byte) {
	file, err := os.ReadFile(os.Getenv("PAY_PRIVATE_KEY_FILE"))
	check(err)
	block, _ := pem.Decode(file)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	check(err)

	hash := sha256.Sum256([]byte(text))

	switch key := key.(type) {
	case *rsa.PrivateKey:
		scheme = "PAY-RSA-SHA256"
		signature, err = rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:])
	case *ecdsa.PrivateKey:
		scheme = "PAY-ECDSA-P256-SHA256"
		signature, err = ecdsa.SignASN1(rand.Reader, key, hash[:])
	case ed25519.PrivateKey:
		scheme = "PAY-ED25519"
		signature = ed25519.Sign(key, []byte(text))
	}

	check(err)
	return scheme, signature
}

func main() {
	method, url, body := os.Args[1], os.Args[2], strings.Join(os.Args[3:], "")

	request, err := http.NewRequest(method, url, strings.NewReader(body))
	check(err)

	target := request.URL.RequestURI() // path and query as sent
	timestamp := time.Now().Unix()
	nonce := make([]byte, 16)
	_, err = rand.Read(nonce)
	check(err)

	scheme, signature := sign(fmt.Sprintf("%s\n%s\n%d\n%x\n%s\n",
		method, target, timestamp, nonce, body))

	request.Header.Set("Authorization", fmt.Sprintf(
		`%s merchant="%s",key="%s",timestamp="%d",nonce="%x",signature="%s"`,
		scheme, os.Getenv("PAY_MERCHANT"), os.Getenv("PAY_KEY"),
		timestamp, nonce, base64.StdEncoding.EncodeToString(signature)))
	request.Header.Set("Content-Type", "application/json")

	answer, err := http.DefaultClient.Do(request)
	check(err)
	text, err := io.ReadAll(answer.Body)
	check(err)

	fmt.Printf("%s\n%d\n", text, answer.StatusCode)
}
