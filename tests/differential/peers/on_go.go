// A peer on Go's net/http. It serves listening sockets that it inherits: plain, TLS, and TLS that demands a client's certificate.
package main

import (
	"compress/gzip"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

const thing = `{"id": 5}`

func text(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	io.WriteString(w, body)
}

func answer(w http.ResponseWriter, r *http.Request) {
	fields := w.Header()
	fields.Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/plain":
		text(w, thing)
	case "/empty":
		w.WriteHeader(http.StatusNoContent)
	case "/same":
		fields.Set("ETag", `"v1"`)
		w.WriteHeader(http.StatusNotModified)
	case "/parts":
		fields.Set("Trailer", "X-Sum")
		for _, part := range []string{"one", "two"} {
			io.WriteString(w, part)
			w.(http.Flusher).Flush()
		}
		fields.Set("X-Sum", "7")
	case "/zipped":
		fields.Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		io.WriteString(zipped, thing)
		zipped.Close()
	case "/big":
		text(w, strings.Repeat("x", 300_000))
	case "/moved":
		fields.Set("Location", "http://elsewhere.example/")
		w.WriteHeader(http.StatusFound)
	case "/last":
		fields.Set("Connection", "close")
		text(w, "bye")
	case "/length":
		read, _ := io.Copy(io.Discard, r.Body)
		text(w, strconv.FormatInt(read, 10))
	case "/sum":
		sum := sha256.New()
		io.Copy(sum, r.Body)
		text(w, hex.EncodeToString(sum.Sum(nil)))
	case "/many":
		for number := 0; number < 90; number++ {
			fields.Set(fmt.Sprintf("X-Field-%02d", number), strconv.Itoa(number))
		}
		text(w, thing)
	case "/twice":
		fields.Add("Set-Cookie", "a=1")
		fields.Add("Set-Cookie", "b=2")
		text(w, thing)
	case "/hints":
		fields.Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		text(w, thing)
	case "/old":
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			io.WriteString(connection, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold")
			connection.Close()
		}
	case "/never":
		<-r.Context().Done()
	case "/who":
		who := r.TLS.ServerName
		if len(r.TLS.PeerCertificates) > 0 {
			who += " CN=" + r.TLS.PeerCertificates[0].Subject.CommonName
		}
		text(w, who)
	default:
		http.NotFound(w, r)
	}
}

func listen(descriptor string) net.Listener {
	number, err := strconv.Atoi(descriptor)
	check(err)
	listener, err := net.FileListener(os.NewFile(uintptr(number), descriptor))
	check(err)
	return listener
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	plain, secure, mutual := listen(os.Args[1]), listen(os.Args[2]), listen(os.Args[3])
	own, err := tls.LoadX509KeyPair(os.Args[4], os.Args[4])
	check(err)
	authority, err := os.ReadFile(os.Args[5])
	check(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	shown := &tls.Config{Certificates: []tls.Certificate{own}, NextProtos: []string{"http/1.1"}}
	demanding := shown.Clone()
	demanding.ClientAuth, demanding.ClientCAs = tls.RequireAndVerifyClientCert, pool
	server := &http.Server{Handler: http.HandlerFunc(answer), ErrorLog: log.New(io.Discard, "", 0)}
	for _, listener := range []net.Listener{plain, tls.NewListener(secure, shown), tls.NewListener(mutual, demanding)} {
		go server.Serve(listener)
	}
	io.Copy(io.Discard, os.Stdin)
}
