package workflow

import (
	"regexp"
	"slices"
	"strings"
)

// Class says how surely a name means an npm credential.
type Class string

// The classes.
const (
	NotNPM    Class = ""
	Strong    Class = "strong"    // a name everyone uses for it, NPM_TOKEN
	Candidate Class = "candidate" // npm is part of the name
	ReadOnly  Class = "readonly"  // npm is part of the name, and so is READ, RO, INSTALL or PULL
)

var (
	candidateName = regexp.MustCompile(`(?:^|_)(?:NPM(?:JS|RC|TOKEN)?|NODE_AUTH)(?:_|$)`)
	readOnlyName  = regexp.MustCompile(`(?:^|_)(?:READ|READONLY|RO|INSTALL|PULL)(?:_|$)`)
	secretName    = regexp.MustCompile(`TOKEN|AUTH|KEY|SECRET|PASS|NPMRC|CREDENTIAL`)
)

var strongNames = strings.Fields(`NPM_TOKEN NODE_AUTH_TOKEN NPM_AUTH_TOKEN NPM_PUBLISH_TOKEN NPM_AUTOMATION_TOKEN
	NPM_ACCESS_TOKEN NPM_RELEASE_TOKEN NPM_DEPLOY_TOKEN NPM_API_KEY NPM_CONFIG_TOKEN NPM_CONFIG__AUTH NPM_AUTH
	YARN_NPM_AUTH_TOKEN YARN_NPM_AUTH_IDENT NPMRC`)

// ClassifySecret says whether a secret of that name is an npm credential by
// its name. Secrets hold credentials, so npm anywhere in the name will do.
// Case does not matter, nor - for _.
func ClassifySecret(name string) Class {
	name = strings.ReplaceAll(strings.ToUpper(name), "-", "_")
	switch {
	case slices.Contains(strongNames, name):
		return Strong
	case !candidateName.MatchString(name):
		return NotNPM
	case readOnlyName.MatchString(name):
		return ReadOnly
	}
	return Candidate
}

// ClassifyVariable says whether an environment variable of that name holds an
// npm credential. Most variables with npm in their names are settings, so the
// name must also say token, auth, key, secret or password; of npm_config_* the
// keys npm or bun take credentials from count, whatever their case.
// NPM_ID_TOKEN is an id-token of OIDC and no long-lived credential.
func ClassifyVariable(name string) Class {
	if key, ok := npmConfigKey(name); ok {
		switch bare := strings.ToLower(key[strings.LastIndexByte(key, ':')+1:]); bare {
		case "_auth", "_authtoken", "_password", "token":
			return Strong
		}
		return NotNPM
	}
	upper := strings.ToUpper(name)
	if upper == "NPM_ID_TOKEN" || strings.HasPrefix(upper, "NPM_PACKAGE_") || !secretName.MatchString(upper) {
		return NotNPM
	}
	return ClassifySecret(name)
}

// npmConfigKey gives the setting of an npm_config_ variable as npm names it
// (@npmcli/config loadEnv): lower case and _ for -, but for a leading _ and
// for keys that begin with //.
func npmConfigKey(name string) (string, bool) {
	const prefix = "npm_config_"
	if len(name) <= len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return "", false
	}
	key := name[len(prefix):]
	if strings.HasPrefix(key, "//") {
		return key, true
	}
	return strings.ToLower(key[:1] + strings.ReplaceAll(key[1:], "_", "-")), true
}

// Form says what stands where a credential is expected.
type Form string

// The forms. Empty and Placeholder are no credentials.
const (
	NotCredential Form = ""
	Empty         Form = "empty"
	Placeholder   Form = "placeholder" // setup-node's XXXXX-XXXXX-XXXXX-XXXXX
	Indirect      Form = "variable"    // ${NAME}
	Expression    Form = "expression"  // ${{ … }} or $( … )
	Written       Form = "literal"
)

var anyVariable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)[^}]*\}`)

var indirect = regexp.MustCompile(`^\$(?:\{([A-Za-z_][A-Za-z0-9_]*)(?:(?:\?|:?-)[^}]*)?\}|([A-Za-z_][A-Za-z0-9_]*))$`)

// formOf says what a value is, and the variable an Indirect one names.
func formOf(text string) (form Form, variable string) {
	text = strings.TrimSpace(text)
	switch {
	case text == "", text == "true", text == "false": // a switch such as check-npm-token
		return Empty, ""
	case text == "XXXXX-XXXXX-XXXXX-XXXXX":
		return Placeholder, ""
	}
	if m := indirect.FindStringSubmatch(text); m != nil {
		return Indirect, m[1] + m[2]
	}
	if m := anyVariable.FindStringSubmatch(text); m != nil && !strings.Contains(text, "${{") {
		return Indirect, m[1]
	}
	if strings.Contains(text, "${{") || strings.Contains(text, "$(") || strings.Contains(text, "`") {
		return Expression, ""
	}
	return Written, ""
}

// EnvCredential is an environment variable that holds an npm credential.
type EnvCredential struct {
	Name  string
	Class Class // NotNPM when Shape alone tells
	Shape bool  // the value has the shape of an npm token
}

// EnvCredentials names the variables of an environment ("NAME=value", as
// [os.Environ] gives it) that hold an npm credential: by name, or by the shape
// of the value. Empty values, setup-node's placeholder and an unexpanded
// ${NAME} are no credentials. Values are looked at and not kept.
func EnvCredentials(environ []string) []EnvCredential {
	var found []EnvCredential
	for _, pair := range environ {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || strings.EqualFold(name, "NPM_ID_TOKEN") {
			continue
		}
		if f, _ := formOf(value); f == Empty || f == Placeholder || f == Indirect {
			continue
		}
		_, tokens := takeTokens("", []byte(value))
		c := EnvCredential{Name: name, Class: ClassifyVariable(name), Shape: len(tokens) > 0}
		if c.Class != NotNPM || c.Shape {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b EnvCredential) int { return strings.Compare(a.Name, b.Name) })
	return found
}
