# make demo   verify a release end to end out of the lab, no network needed
# make test   every test that takes seconds, with the race detector where there is a C compiler
# make lint   format, vet, staticcheck, module files, workflows, shell
# make e2e    the whole chain: npm, a workflow runner and the container (needs Docker)
# make picture  the same for the recipe alone; draws its job summary into docs/summary.png
# make attack  the attack suite with what takes long: 10 GB servers and the like
# make fuzz    every fuzz target for FUZZTIME
# make mutate  break each condition of MUTATE in turn; which tests notice? (a quarter of an hour)
# make bench | reproducible | dist | image | clean

# Where the slower suites are, and how long each fuzz target runs.
DEMO     ?= ./internal/lab/demo
E2E      ?= -p 1 ./internal/lab/e2e/... ./internal/lab/pipeline/...
ATTACK   ?= ./internal/lab/attack/...
FUZZTIME ?= 60s
MUTATE   ?= ./internal/check ./internal/npm ./internal/sigstore

# What a build says it is. A release sets VERSION; a build that is none is devel.
VERSION  ?= devel
COMMIT   ?= $(shell git rev-parse HEAD 2>/dev/null)
# Seconds; the time of every file in the image.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null)
PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64
IMAGE     ?= verify-npm-release
# More flags for docker build, such as --network host.
DOCKER_FLAGS ?=
# Where a build goes.
DIST      ?= dist

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.1
ACTIONLINT  = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

# A home that cannot be written to has no room for Go's caches.
ifeq ($(shell mkdir -p "$$(go env GOCACHE)" 2>/dev/null && echo yes),)
export GOCACHE := $(CURDIR)/.cache/build
endif
ifeq ($(shell mkdir -p "$$(go env GOMODCACHE)" 2>/dev/null && echo yes),)
export GOMODCACHE := $(CURDIR)/.cache/modules
endif

.PHONY: demo test lint e2e picture attack fuzz bench dist image reproducible clean

demo:
	@echo "Building; the first time takes a few minutes and 230 MB for Go's modules."
	go run $(DEMO)

# The race detector needs a C compiler; a machine without one still runs every test.
test: RACE ?= $(shell set -- $$(go env CC); command -v "$$1" >/dev/null && echo -race)
test:
	@[ -n "$(RACE)" ] || echo "no C compiler here: the tests run without the race detector"
	@# The race detector does not bear the goroutines of ten thousand releases; without it they are tried here.
	@[ -z "$(RACE)" ] || go test -run '^TestManyReleases$$' ./internal/evidence
	go test $(RACE) ./...

lint:
	@unformatted="$$(gofmt -l $$(git ls-files '*.go'))"; [ -z "$$unformatted" ] || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	go mod tidy -diff
	go mod verify
	go run $(ACTIONLINT) .github/workflows/*.yml examples/*.yml
	@if command -v shellcheck >/dev/null; then shellcheck action/run.sh .ci/run; else echo "no shellcheck here: shell scripts not checked"; fi

e2e:
	go test -count=1 -timeout 30m -tags e2e $(E2E)

picture:
	VERIFY_NPM_RELEASE_PICTURE="$(CURDIR)/docs/summary.png" go test -count=1 -timeout 30m -tags e2e -run TestRecipes/demo $(E2E)

attack:
	go test -count=1 -timeout 30m -tags attack $(ATTACK)

fuzz:
	@set -eu; for package in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
	    echo "$$package $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$package"; \
	  done; \
	done

mutate:
	go run ./internal/lab/mutate $(MUTATE)

bench:
	go test -run '^$$' -bench . -benchmem ./...

# The same flags as in the Dockerfile. GOAMD64 and its like are left at Go's defaults whatever the machine says.
dist:
	@set -eu; rm -rf "$(DIST)"; mkdir -p "$(DIST)"; for platform in $(PLATFORMS); do \
	  os="$${platform%/*}"; arch="$${platform#*/}"; exe=; [ "$$os" != windows ] || exe=.exe; \
	  echo "$(DIST)/verify-npm-release_$${os}_$$arch$$exe"; \
	  env -u GOAMD64 -u GOARM64 -u GOEXPERIMENT -u GOFIPS140 CGO_ENABLED=0 GOFLAGS= GOOS="$$os" GOARCH="$$arch" \
	    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)" \
	    -o "$(DIST)/verify-npm-release_$${os}_$$arch$$exe" ./cmd/verify-npm-release; \
	done; cd "$(DIST)"; { sha256sum verify-npm-release_* 2>/dev/null || shasum -a 256 verify-npm-release_*; } >SHA256SUMS

image:
	DOCKER_BUILDKIT=1 docker build --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) \
	  --build-arg SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(DOCKER_FLAGS) --tag $(IMAGE) .

# Two builds of HEAD in two folders, each with an empty build cache: the same bytes. With Docker also two images: the
# same layers and the same configuration but for the time, and in them the same program as in the build without Docker.
reproducible:
	@set -eu; work="$$(mktemp -d)"; trap 'rm -rf "$$work"' EXIT; \
	for n in one two/deeper; do \
	  mkdir -p "$$work/$$n"; git archive HEAD | tar -x -C "$$work/$$n"; \
	  GOCACHE="$$work/cache-$${n%%/*}" $(MAKE) -C "$$work/$$n" dist PLATFORMS="$(PLATFORMS)" VERSION=$(VERSION) COMMIT=$(COMMIT) DIST=dist; \
	done; \
	cmp "$$work/one/dist/SHA256SUMS" "$$work/two/deeper/dist/SHA256SUMS"; cat "$$work/one/dist/SHA256SUMS"; \
	echo "two builds, the same bytes"; \
	if docker version >/dev/null 2>&1; then \
	  for n in one two/deeper; do \
	    $(MAKE) -C "$$work/$$n" image IMAGE="verify-npm-release:reproducible-$${n%%/*}" VERSION=$(VERSION) COMMIT=$(COMMIT) \
	      SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) DOCKER_FLAGS="$(DOCKER_FLAGS) --no-cache"; \
	    docker image inspect --format '{{json .RootFS}} {{json .Config}}' "verify-npm-release:reproducible-$${n%%/*}" >"$$work/image-$${n%%/*}"; \
	  done; \
	  cmp "$$work/image-one" "$$work/image-two"; cat "$$work/image-one"; \
	  container="$$(docker create verify-npm-release:reproducible-one)"; \
	  docker cp "$$container:/verify-npm-release" "$$work/program"; docker rm "$$container" >/dev/null; \
	  docker image rm verify-npm-release:reproducible-one verify-npm-release:reproducible-two >/dev/null; \
	  same="$$work/one/dist/verify-npm-release_linux_$$(go env GOARCH)"; \
	  if [ -f "$$same" ]; then cmp "$$same" "$$work/program"; fi; \
	  echo "two images, the same layers"; \
	fi

clean:
	rm -rf "$(DIST)"
