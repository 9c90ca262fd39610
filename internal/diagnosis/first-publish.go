package diagnosis

import (
	"fmt"

	"verify-npm-release/internal/evidence"
)

// FirstPublish is a package that npm did not have yet: a trusted publisher can
// be set up only for one that exists.
var FirstPublish = Cause{
	ID:       "first-publish",
	Sentence: "This is the first version of the package, and npm can have a trusted publisher only for a package that exists.",
	Mend:     "Publish the first version by hand, logged in with two factors, then set up the trusted publisher and release the next version from this workflow.",
	Explains: unauthorised,
	After: func(k *Case) []Finding {
		alone := k.Place != nil && k.Place.Listed && k.Place.Others == 0
		tag := k.Surfaces[evidence.DistTagSurface]
		absent := k.Place == nil && k.Manifest == nil && tag.Asked && tag.Denied
		name := k.Evidence.Release.Spec.Name
		f := Finding{Sure: Seen, Snippet: fmt.Sprintf("npm publish --access public   # once, on your machine, logged in\nhttps://www.npmjs.com/package/%s/access", name)}
		switch {
		case alone && k.byToken():
			f.Evidence = fmt.Sprintf("The registry has no other version of %s, and this one came by token.", name)
		case absent && k.refused():
			f.Evidence = fmt.Sprintf("The registry has no package %s, and npm refused the exchange: %s", name, quote(k.oidcLine()))
		default:
			return nil
		}
		return []Finding{f}
	},
}
