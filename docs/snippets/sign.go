// Signs and sends one request:  go run sign.go METHOD URL [BODY]

package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	method, url, body := os.Args[1], os.Args[2], strings.Join(os.Args[3:], "")

	secret, err := os.ReadFile(os.Getenv("PAY_SECRET_FILE"))
	check(err)
	secret = regexp.MustCompile(`\r?\n\z`).ReplaceAll(secret, nil)

	request, err := http.NewRequest(method, url, strings.NewReader(body))
	check(err)

	target := request.URL.RequestURI() // path and query as sent
	timestamp := time.Now().Unix()
	nonce := make([]byte, 16)
	_, err = rand.Read(nonce)
	check(err)

	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s\n%s\n%d\n%x\n%s\n",
		method, target, timestamp, nonce, body)
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))

	request.Header.Set("Authorization", fmt.Sprintf(
		`PAY-HMAC-SHA256 merchant="%s",key="%s",`+
			`timestamp="%d",nonce="%x",signature="%s"`,
		os.Getenv("PAY_MERCHANT"), os.Getenv("PAY_KEY"),
		timestamp, nonce, signature))
	request.Header.Set("Content-Type", "application/json")

	answer, err := http.DefaultClient.Do(request)
	check(err)
	text, err := io.ReadAll(answer.Body)
	check(err)

	fmt.Printf("%s\n%d\n", text, answer.StatusCode)
}
