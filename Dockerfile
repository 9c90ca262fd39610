# The action's image: one static program and CA certificates, nothing else.
#   docker build --build-arg VERSION=v1.2.3 --build-arg COMMIT=HASH --build-arg SOURCE_DATE_EPOCH=SECONDS .
# The toolchain's image is an argument, so that a release can name it by digest and a stand-in can take its place.
ARG GO_IMAGE=golang:1.26-bookworm

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY cmd cmd
COPY internal internal
ARG TARGETOS
ARG TARGETARCH
ARG VERSION
ARG COMMIT
ARG SOURCE_DATE_EPOCH=0
# The same flags as `make dist`: a release's linux binaries and the image's program are the same bytes.
# Every file and folder gets the commit's time, so that two builds give one layer.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /root-of-image/etc/ssl/certs/ca-certificates.crt && \
    CGO_ENABLED=0 GOTOOLCHAIN=local GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT" \
    -o /root-of-image/verify-npm-release ./cmd/verify-npm-release && \
    find /root-of-image -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM scratch
COPY --from=build /root-of-image/ /
USER 65532:65532
ENTRYPOINT ["/verify-npm-release"]
