// A portal with zitadel/oidc: name, refresh, sign-out.
//
//	npx yideng client create --name … --for zitadel --scope "openid profile offline_access" --redirect-uri URL/callback
//	  --post-logout-redirect-uri URL/signed-out
//
// prints yideng.go. Put it beside this file. Start: PORT=8080 go run .
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"log"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

type person struct{ Name, IDToken, RefreshToken, Nonce string }

// A real portal keeps these in its database.
var (
	lock   sync.Mutex
	people = map[string]*person{}
)

// Without it, the library answers a person who said No with status 500.
func refused(w http.ResponseWriter, _ *http.Request, errorType, _, _ string) {
	w.Header().Set("content-type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprintf(w, `没有登录（%s）。<a href="/login">再试一次</a>`, html.EscapeString(errorType))
}

func main() {
	ctx := context.Background()
	// use one key for all processes of the portal; at an https address leave out WithUnsecure
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		log.Fatal(err)
	}
	cookies := httphelper.NewCookieHandler(key, key, httphelper.WithUnsecure())
	portal, err := yideng(ctx, cookies, rp.WithVerifierOpts(rp.WithNonce(nonceOf)), rp.WithErrorHandler(refused))
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
		nonce := rand.Text()
		if err := cookies.SetCookie(w, "nonce", nonce); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		rp.AuthURLHandler(rand.Text, portal, rp.WithURLParam("nonce", nonce))(w, r)
	})

	welcome := func(w http.ResponseWriter, r *http.Request, tokens *oidc.Tokens[*oidc.IDTokenClaims], _ string, _ rp.RelyingParty, info *oidc.UserInfo) {
		id := rand.Text()
		lock.Lock()
		people[id] = &person{info.Name, tokens.IDToken, tokens.RefreshToken, nonceOf(r.Context())}
		lock.Unlock()
		http.SetCookie(w, &http.Cookie{Name: "session", Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, "/", http.StatusFound)
	}
	exchange := rp.CodeExchangeHandler(rp.UserinfoCallback(welcome), portal)
	http.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		// RFC 9207: the library does not check the issuer of the response
		if r.URL.Query().Get("iss") != issuer {
			http.Error(w, "the answer is not from our provider", http.StatusBadRequest)
			return
		}
		nonce, err := cookies.CheckCookie(r, "nonce")
		if err != nil {
			http.Error(w, "the sign-in did not begin in this browser", http.StatusBadRequest)
			return
		}
		cookies.DeleteCookie(w, "nonce")
		exchange(w, r.WithContext(context.WithValue(r.Context(), nonceKey{}, nonce)))
	})

	http.HandleFunc("GET /refresh", func(w http.ResponseWriter, r *http.Request) {
		who := signedIn(r)
		if who == nil {
			http.Error(w, "nobody is signed in", http.StatusUnauthorized)
			return
		}
		// the new ID token has the nonce of the first (OpenID Connect Core 12.2)
		tokens, err := rp.RefreshTokens[*oidc.IDTokenClaims](
			context.WithValue(r.Context(), nonceKey{}, who.Nonce), portal, who.RefreshToken, "", "")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		who.RefreshToken = tokens.RefreshToken
		fmt.Fprint(w, "refreshed")
	})

	http.HandleFunc("GET /logout", func(w http.ResponseWriter, r *http.Request) {
		who := signedIn(r)
		if who == nil {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		lock.Lock()
		for id, one := range people {
			if one == who {
				delete(people, id)
			}
		}
		lock.Unlock()
		query := url.Values{"id_token_hint": {who.IDToken}, "post_logout_redirect_uri": {afterLogout}}
		http.Redirect(w, r, portal.GetEndSessionEndpoint()+"?"+query.Encode(), http.StatusFound)
	})

	http.HandleFunc("GET /signed-out", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "signed out") })

	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

type nonceKey struct{}

// nonceOf returns the nonce that the browser's sign-in began with.
func nonceOf(ctx context.Context) string {
	nonce, _ := ctx.Value(nonceKey{}).(string)
	return nonce
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
