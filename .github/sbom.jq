# From `go version -m -json PROGRAM` to a CycloneDX bill of materials: what is linked in, nothing that is only in go.mod.
def purl: "pkg:golang/\(.Path)@\(.Version)";
{
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: {
    component: {
      type: "application",
      "bom-ref": "program",
      name: .Main.Path,
      version: $version,
      licenses: [{license: {id: "Apache-2.0"}}]
    }
  },
  components: (
    [(.Deps // [])[] | (.Replace // .) | {
      type: "library",
      "bom-ref": purl,
      name: .Path,
      version: .Version,
      purl: purl,
      properties: [{name: "go:sum", value: .Sum}]
    }] + [{
      type: "platform",
      "bom-ref": "go",
      name: "go",
      version: (.GoVersion | ltrimstr("go")),
      purl: "pkg:golang/std@\(.GoVersion | ltrimstr("go"))"
    }]
  ),
  dependencies: [{ref: "program", dependsOn: ([(.Deps // [])[] | (.Replace // .) | purl] + ["go"])}]
}
