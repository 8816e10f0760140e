// Command docker_plugin prints the digests by which the Docker plugin decides whether to build again: for each line of
// its input, a context's folder and a Dockerfile with a tab between them, the digest or why there is none.
//
// The walk and the patterns are those of the modules that the plugin itself is built from, in the same versions.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"
)

func main() {
	asked := bufio.NewScanner(os.Stdin)
	for asked.Scan() {
		folder, dockerfile, _ := strings.Cut(asked.Text(), "\t")
		if digest, err := digestOf(folder, dockerfile); err != nil {
			fmt.Println("refused:", strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Println(digest)
		}
	}
}

func digestOf(folder, dockerfile string) (string, error) {
	patterns, err := patternsFor(folder, dockerfile)
	if err != nil {
		return "", err
	}
	total := sha256.New()
	if err := add(total, dockerfile, "Dockerfile", 0); err != nil {
		return "", err
	}
	visit := func(path string, info fs.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		return add(total, filepath.Join(folder, path), path, info.Mode())
	}
	filter := &fsutil.FilterOpt{ExcludePatterns: patterns}
	if err := fsutil.Walk(context.Background(), folder, filter, visit); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", total.Sum(nil)), nil
}

func patternsFor(folder, dockerfile string) ([]string, error) {
	for _, path := range []string{dockerfile + ".dockerignore", filepath.Join(folder, ".dockerignore")} {
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return ignorefile.ReadAll(file)
	}
	return nil, nil
}

func add(total hash.Hash, path, name string, mode fs.FileMode) error {
	content := sha256.New()
	if mode.Type() == fs.ModeSymlink {
		destination, err := filepath.EvalSymlinks(path)
		if err != nil {
			return err
		}
		io.WriteString(content, filepath.Clean(destination))
	} else if mode.IsRegular() {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		if _, err := io.Copy(content, file); err != nil {
			return err
		}
	}
	fmt.Fprintf(total, "%s%s%s\x00", name, mode, content.Sum(nil))
	return nil
}
