import { quoted, type Library, type Values } from './library.ts'

const authStyle = ({ authMethod }: Values) =>
  `oauth2.${authMethod === 'client_secret_post' ? 'AuthStyleInParams' : 'AuthStyleInHeader'}`

const constants = ({ issuer, clientId, redirectUri, afterLogout }: Values) => `const (
	issuer      = ${quoted(issuer)}
	clientID    = ${quoted(clientId)}
	redirectURL = ${quoted(redirectUri)}
${afterLogout === undefined ? '' : `	afterLogout = ${quoted(afterLogout)}\n`})
`

/** go-oidc 3 and x/oauth2: examples/go-oidc. */
export const go: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_basic' },
  configuration: (values) => `// File: yideng.go
// go get github.com/coreos/go-oidc/v3 golang.org/x/oauth2
package main

import (
	"context"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

${constants(values)}
// yideng reads the metadata of the provider. It returns what a sign-in needs.
func yideng(ctx context.Context) (*oidc.Provider, *oauth2.Config, *oidc.IDTokenVerifier, error) {
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, nil, nil, err
	}
	config := &oauth2.Config{
		ClientID:     clientID,
		ClientSecret: ${quoted(values.secret)},
		Endpoint:     provider.Endpoint(),
		RedirectURL:  redirectURL,
		Scopes:       []string{${values.scope.map(quoted).join(', ')}},
	}
	config.Endpoint.AuthStyle = ${authStyle(values)}
	return provider, config, provider.VerifierContext(ctx, &oidc.Config{ClientID: clientID}), nil
}

// addressOfSignIn is where a sign-in begins. Keep the three values in the session of the browser.
func addressOfSignIn(config *oauth2.Config, state, nonce, pkce string) string {
	return config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(pkce))
}

// The callback compares state and iss, then calls config.Exchange(ctx, code, oauth2.VerifierOption(pkce)). It verifies
// the id_token and compares its nonce. The name is at provider.UserInfo(ctx, oauth2.StaticTokenSource(token)).
`,
}

/** zitadel/oidc 3: examples/go-zitadel. */
export const zitadel: Library = {
  registers: { scope: 'openid profile', auth_method: 'client_secret_basic' },
  configuration: (values) => `// File: yideng.go
// go get github.com/zitadel/oidc/v3 golang.org/x/oauth2
package main

import (
	"context"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	httphelper "github.com/zitadel/oidc/v3/pkg/http"
	"golang.org/x/oauth2"
)

${constants(values)}
// yideng reads the metadata of the provider. The cookies carry state and code_verifier.
func yideng(ctx context.Context, cookies *httphelper.CookieHandler, more ...rp.Option) (rp.RelyingParty, error) {
	options := append(more, rp.WithCookieHandler(cookies), rp.WithPKCE(cookies), rp.WithAuthStyle(${authStyle(values)}))
	scopes := []string{${values.scope.map(quoted).join(', ')}}
	return rp.NewRelyingPartyOIDC(ctx, issuer, clientID, ${quoted(values.secret)}, redirectURL, scopes, options...)
}

// Sign-in: rp.AuthURLHandler. Callback: rp.CodeExchangeHandler with rp.UserinfoCallback, which has the name.
`,
}
