# The same service as it was, to compare. On BASE=hale-base its ENTRYPOINT is a mistake.
ARG GO=golang:1.22-bookworm
ARG BASE=gcr.io/distroless/static-debian12:nonroot
FROM ${GO} AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /app .

FROM ${BASE}
COPY --from=build /app /app
EXPOSE 8000
ENTRYPOINT ["/app"]
