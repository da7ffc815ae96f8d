// A portal with go-oidc and golang.org/x/oauth2: name, refresh, sign-out, back-channel sign-out.
//
//	npx yideng client create --name … --for go --scope "openid profile offline_access" --redirect-uri URL/callback
//	  --post-logout-redirect-uri URL/signed-out --backchannel-logout-uri URL/backchannel
//
// prints yideng.go. Put it beside this file. Start: PORT=8080 go run .
package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"html"
	"log"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

type person struct {
	Subject, Sid, Name, IDToken string
	token                       *oauth2.Token
}

type attempt struct{ State, Nonce, Verifier string }

// A real portal keeps these in its database.
var (
	lock        sync.Mutex
	people      = map[string]*person{}
	attempts    = map[string]attempt{}
	usedNotices = map[string]bool{}
)

func main() {
	ctx := context.Background()
	provider, client, verifier, err := yideng(ctx)
	if err != nil {
		log.Fatal(err)
	}

	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("content-type", "text/html; charset=utf-8")
		if who := signedIn(r); who != nil {
			fmt.Fprint(w, "您好，", html.EscapeString(who.Name))
		} else {
			fmt.Fprint(w, `<a href="/login">登录</a>`)
		}
	})

	http.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		one := attempt{rand.Text(), rand.Text(), oauth2.GenerateVerifier()}
		id := rand.Text()
		lock.Lock()
		attempts[id] = one
		lock.Unlock()
		setCookie(w, "attempt", id)
		http.Redirect(w, r, addressOfSignIn(client, one.State, one.Nonce, one.Verifier), http.StatusFound)
	})

	http.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		who, err := finish(ctx, r, client, provider, verifier)
		if err != nil {
			http.Error(w, "登录没有完成："+err.Error(), http.StatusBadRequest)
			return
		}
		id := rand.Text()
		lock.Lock()
		people[id] = who
		lock.Unlock()
		setCookie(w, "session", id)
		http.Redirect(w, r, "/", http.StatusFound)
	})

	http.HandleFunc("GET /refresh", func(w http.ResponseWriter, r *http.Request) {
		who := signedIn(r)
		if who == nil {
			http.Error(w, "nobody is signed in", http.StatusUnauthorized)
			return
		}
		// x/oauth2 does this by itself when the access token has ended
		fresh, err := client.TokenSource(ctx, &oauth2.Token{RefreshToken: who.token.RefreshToken}).Token()
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		who.token = fresh
		fmt.Fprint(w, "refreshed")
	})

	http.HandleFunc("GET /logout", func(w http.ResponseWriter, r *http.Request) {
		who := signedIn(r)
		if who == nil {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		endPeople(func(one *person) bool { return one == who })
		var more struct {
			End string `json:"end_session_endpoint"`
		}
		if err := provider.Claims(&more); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		query := url.Values{"id_token_hint": {who.IDToken}, "post_logout_redirect_uri": {afterLogout}}
		http.Redirect(w, r, more.End+"?"+query.Encode(), http.StatusFound)
	})

	http.HandleFunc("GET /signed-out", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "signed out") })

	http.HandleFunc("POST /backchannel", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("cache-control", "no-store")
		if err := signOutByProvider(ctx, r.PostFormValue("logout_token"), verifier); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})

	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func setCookie(w http.ResponseWriter, name, value string) {
	// a portal at an https address sets Secure too
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func signedIn(r *http.Request) *person {
	cookie, err := r.Cookie("session")
	if err != nil {
		return nil
	}
	lock.Lock()
	defer lock.Unlock()
	return people[cookie.Value]
}

func endPeople(ends func(*person) bool) {
	lock.Lock()
	defer lock.Unlock()
	for id, one := range people {
		if ends(one) {
			delete(people, id)
		}
	}
}

// takeAttempt returns the sign-in that this browser began. It can be used once.
func takeAttempt(r *http.Request) attempt {
	cookie, err := r.Cookie("attempt")
	if err != nil {
		return attempt{}
	}
	lock.Lock()
	defer lock.Unlock()
	defer delete(attempts, cookie.Value)
	return attempts[cookie.Value]
}

func same(one, other string) bool {
	return one != "" && subtle.ConstantTimeCompare([]byte(one), []byte(other)) == 1
}

func finish(ctx context.Context, r *http.Request, client *oauth2.Config, provider *oidc.Provider, verifier *oidc.IDTokenVerifier) (*person, error) {
	begun, query := takeAttempt(r), r.URL.Query()
	// RFC 9207: the library does not check the issuer of the response
	if !same(begun.State, query.Get("state")) || query.Get("iss") != issuer {
		return nil, fmt.Errorf("the sign-in did not begin in this browser")
	}
	if query.Get("error") != "" {
		return nil, fmt.Errorf("%s", query.Get("error"))
	}
	token, err := client.Exchange(ctx, query.Get("code"), oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		return nil, err
	}
	raw, _ := token.Extra("id_token").(string)
	checked, err := verifier.Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if !same(begun.Nonce, checked.Nonce) || checked.Subject == "" || len(checked.Audience) != 1 {
		return nil, fmt.Errorf("the ID token is not for this sign-in")
	}
	var claims struct{ Sid string }
	if err := checked.Claims(&claims); err != nil {
		return nil, err
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, err
	}
	var profile struct{ Name string }
	if err := info.Claims(&profile); err != nil {
		return nil, err
	}
	if info.Subject != checked.Subject {
		return nil, fmt.Errorf("userinfo is about somebody else")
	}
	return &person{checked.Subject, claims.Sid, profile.Name, raw, token}, nil
}

// signOutByProvider follows OpenID Connect Back-Channel Logout 1.0 section 2.6.
func signOutByProvider(ctx context.Context, raw string, verifier *oidc.IDTokenVerifier) error {
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return err
	}
	var claims struct {
		Sid, Jti string
		Iat      int64
		Nonce    *string
		Events   map[string]json.RawMessage
	}
	if err := token.Claims(&claims); err != nil {
		return err
	}
	_, event := claims.Events["http://schemas.openid.net/event/backchannel-logout"]
	if !event || claims.Nonce != nil || claims.Jti == "" || claims.Iat == 0 || claims.Sid+token.Subject == "" {
		return fmt.Errorf("not a logout token")
	}
	lock.Lock()
	used := usedNotices[claims.Jti]
	usedNotices[claims.Jti] = true
	lock.Unlock()
	if used {
		return fmt.Errorf("the logout token was used")
	}
	endPeople(func(one *person) bool {
		if claims.Sid != "" {
			return one.Sid == claims.Sid
		}
		return one.Subject == token.Subject
	})
	return nil
}
