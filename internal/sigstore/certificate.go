package sigstore

import "time"

// Certificate is what Fulcio certified about the signer: the one URI in the subject alternative name and
// the extensions 1.3.6.1.4.1.57264.1.N, named as in Fulcio's docs/oid-info.md. An absent extension is "".
type Certificate struct {
	SAN string // the only subject alternative name, a URI

	Issuer                          string // .8, or .1 where .8 is absent; both present must agree
	BuildSignerURI                  string // .9
	BuildSignerDigest               string // .10
	RunnerEnvironment               string // .11
	SourceRepositoryURI             string // .12
	SourceRepositoryDigest          string // .13
	SourceRepositoryRef             string // .14
	SourceRepositoryIdentifier      string // .15
	SourceRepositoryOwnerURI        string // .16
	SourceRepositoryOwnerIdentifier string // .17
	BuildConfigURI                  string // .18
	BuildConfigDigest               string // .19
	BuildTrigger                    string // .20
	RunInvocationURI                string // .21
	SourceRepositoryVisibility      string // .22
	DeploymentEnvironment           string // .23
	TokenSubject                    string // .24

	// The first form of the extensions, the only one in certificates of early 2023 and before.
	GitHubWorkflowTrigger    string // .2
	GitHubWorkflowSHA        string // .3
	GitHubWorkflowName       string // .4
	GitHubWorkflowRepository string // .5, "owner/name"
	GitHubWorkflowRef        string // .6

	NotBefore, NotAfter time.Time
}
