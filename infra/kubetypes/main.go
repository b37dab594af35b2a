// Writes layers/core/argosy/gitops/diff/kube/types.json from the Go types of Kubernetes' own kinds:
//
//	cd infra/kubetypes && GOFLAGS=-mod=mod go run . > ../../layers/core/argosy/gitops/diff/kube/types.json
//
// What the file says is told in types.py beside it. Kinds that are only asked (reviews, evictions, scales) are left out.
package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"k8s.io/client-go/kubernetes/scheme"
)

var (
	structs = map[string]map[string]string{}
	known   = map[string]string{
		"k8s.io/apimachinery/pkg/api/resource.Quantity":   "quantity",
		"k8s.io/apimachinery/pkg/apis/meta/v1.Time":       "time",
		"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":  "microtime",
		"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":   "duration",
		"k8s.io/apimachinery/pkg/util/intstr.IntOrString": "intstr",
		"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":   "any",
		"k8s.io/apimachinery/pkg/runtime.RawExtension":    "any",
	}
	groups = []string{"authentication.k8s.io/", "authorization.k8s.io/", "internal.apiserver", "lifecycle.k8s.io",
		"imagepolicy", "apidiscovery"}
	asked = []string{"/Scale", "/Eviction", "/DeploymentRollback", "/Binding", "/PodStatusResult", "/RangeAllocation",
		"/SerializedReference", "/ComponentStatus", "/WatchEvent", "List", "Options"}
)

// holds tells what a field of this type holds; structs that it meets are noted.
func holds(t reflect.Type) string {
	for t.Kind() == reflect.Ptr {
		t = t.Elem()
	}
	if found, ok := known[t.PkgPath()+"."+t.Name()]; ok {
		return found
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16,
		reflect.Uint32, reflect.Uint64:
		return "int"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[" + holds(t.Elem())
	case reflect.Map:
		return "{" + holds(t.Elem())
	case reflect.Struct:
		parts := strings.Split(t.PkgPath(), "/")
		name := strings.Join(parts[len(parts)-2:], ".") + "." + t.Name()
		if _, ok := structs[name]; !ok {
			structs[name] = map[string]string{}
			fields(t, structs[name])
		}
		return name
	}
	return "any"
}

func fields(t reflect.Type, out map[string]string) {
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("json"), ",")
		if tag[0] == "" && (f.Anonymous || strings.Contains(f.Tag.Get("json"), "inline")) {
			inner := f.Type
			for inner.Kind() == reflect.Ptr {
				inner = inner.Elem()
			}
			fields(inner, out)
			continue
		}
		if tag[0] == "" || tag[0] == "-" {
			continue
		}
		out[tag[0]] = strings.TrimSpace(holds(f.Type) + " " + flags(f, tag[1:]) + " " + f.Tag.Get("patchMergeKey"))
	}
}

func flags(f reflect.StructField, options []string) string {
	found := ""
	for _, o := range options {
		switch o {
		case "omitempty":
			found += "o"
		case "omitzero":
			found += "z"
		}
	}
	if f.Type.Kind() == reflect.Ptr {
		found += "p"
	}
	for _, s := range strings.Split(f.Tag.Get("patchStrategy"), ",") {
		switch s {
		case "merge":
			found += "m"
		case "retainKeys":
			found += "r"
		case "replace":
			found += "x"
		}
	}
	return found
}

func wanted(kind string) bool {
	for _, g := range groups {
		if strings.HasPrefix(kind, g) {
			return false
		}
	}
	for _, k := range asked {
		if strings.HasSuffix(kind, k) {
			return false
		}
	}
	return true
}

func show[T any](title string, found map[string]T) string {
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		value, _ := json.Marshal(found[name])
		names[i] = fmt.Sprintf("%q: %s", name, value)
	}
	return fmt.Sprintf("%q: {\n%s\n}", title, strings.Join(names, ",\n"))
}

func main() {
	kinds := map[string]string{}
	for gvk, t := range scheme.Scheme.AllKnownTypes() {
		kind := strings.TrimPrefix(gvk.GroupVersion().String()+"/"+gvk.Kind, "/")
		if gvk.Version != "__internal" && !strings.HasPrefix(t.PkgPath(), "k8s.io/apimachinery") && wanted(kind) {
			kinds[kind] = holds(t)
		}
	}
	fmt.Printf("{%s,\n%s}\n", show("kinds", kinds), show("types", structs))
}
